import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createOffergridActivities } from '../../activities/offergrid-activities.js';
import type { ItemLookup } from '../../domain/activities.js';
import { UNANSWERED_STATUSES } from '../../domain/status.js';
import { createOffergridClient } from '../../integrations/offergrid/client.js';
import { startSandboxOffergrid, type SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import { json, startRecordingServer } from '../integrations/recording-server.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let offergrid: SandboxOffergrid;
let start: number;
let read: (itemId: string, askedAt: number) => Promise<ItemLookup>;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  start = Date.now();
  offergrid = await startSandboxOffergrid({ providerKey: 'key', resellerKey: 'reseller' });
  read = readerOf(offergrid.url);
});
afterEach(async () => {
  vi.useRealTimers();
  await offergrid.close();
});

/** A worker's reads, each with the moment in which it was asked for. */
function readerOf(baseUrl: string) {
  const { fetchItem } = createOffergridActivities({
    offergrid: createOffergridClient({ baseUrl, apiKey: 'key' }),
    offers: { upsert: () => Promise.resolve() },
  });
  return (itemId: string, askedAt: number): Promise<ItemLookup> =>
    new MockActivityEnvironment({ scheduledTimestampMs: askedAt }).run(fetchItem, {
      itemId,
      among: UNANSWERED_STATUSES,
    });
}
const place = (count: number) =>
  Array.from({ length: count }, () => offergrid.control.placeOrder().items[0]!.itemId);
/** What was called so far: `list pending`, or `read`. */
const calls = () =>
  offergrid.control
    .calls()
    .map(({ query, path }) =>
      path === '/provider/orders' ? `list ${query['status']}` : path.replace(/^.*\/item-.*/, 'read'),
    );
const statusOf = (lookup: ItemLookup) => (lookup.kind === 'found' ? lookup.item.status : lookup.kind);

test('a read whose turn comes at once is one call', async () => {
  const [itemId] = place(1);
  await read(itemId!, start - 4 * SECOND);
  expect(calls()).toEqual(['read']);
});

test('reads that have waited are answered by one list, with all that each alone would show', async () => {
  const items = place(30);
  const singly = await Promise.all(items.map((itemId) => read(itemId, start)));
  const before = calls().length;
  const answers = await Promise.all(items.map((itemId) => read(itemId, start - 10 * SECOND)));
  expect(answers).toEqual(singly);
  expect(calls().slice(before)).toEqual(['list pending']);
});

test('a list that is not surely newer than the question does not answer it', async () => {
  const [first, second] = place(2);
  await read(first!, start - 10 * SECOND);
  offergrid.control.setStatus(second!, 'cancelled');
  vi.setSystemTime(start + 6 * SECOND);
  expect(statusOf(await read(second!, start + SECOND))).toBe('cancelled');
  expect(calls()).toEqual(['list pending', 'list pending', 'list submitted_to_provider', 'read']);
});

test('what the platform has passed on is in the second list, what is elsewhere is read', async () => {
  const [passedOn, accepted, another] = place(3);
  offergrid.control.setStatus(passedOn!, 'submitted_to_provider');
  offergrid.control.setStatus(another!, 'submitted_to_provider');
  offergrid.control.setStatus(accepted!, 'accepted');
  const asked = start - 10 * SECOND;
  expect(statusOf(await read(passedOn!, asked))).toBe('submitted_to_provider');
  expect(statusOf(await read(accepted!, asked))).toBe('accepted');
  expect(statusOf(await read(another!, asked))).toBe('submitted_to_provider');
  expect(statusOf(await read('item-nobody-knows', asked))).toBe('unknown');
  expect(calls()).toEqual(['list pending', 'list submitted_to_provider', 'read', 'read']);
});

test('a list is forgotten after a minute', async () => {
  const [first, second] = place(2);
  await read(first!, start - 10 * SECOND);
  vi.setSystemTime(start + MINUTE);
  await read(second!, start - 10 * SECOND);
  expect(calls()).toEqual(['list pending', 'list pending']);
});

test('a list that fails is not waited for twice: the items are read', async () => {
  const items = place(3);
  offergrid.control.setFaults([{ kind: 'error', status: 503, path: '/provider/orders' }]);
  for (const [n, itemId] of items.entries()) {
    vi.setSystemTime(start + n * 10 * SECOND);
    expect(statusOf(await read(itemId, Date.now() - 6 * SECOND))).toBe('pending');
  }
  expect(calls()).toEqual(['list pending', 'list submitted_to_provider', 'read', 'read', 'read']);
});

test('a list that there was no room for is asked for with the next read', async () => {
  const items = place(2);
  offergrid.control.setFaults([{ kind: 'error', status: 429, times: 3 }]);
  await expect(read(items[0]!, start - 10 * SECOND)).rejects.toThrow('rate_limited');
  await read(items[1]!, start - 10 * SECOND);
  expect(calls()).toEqual(['list pending', 'list submitted_to_provider', 'read', 'list pending']);
});

test.each<[string, (item: Record<string, unknown>) => object]>([
  ['metadata', ({ metadata: _, ...item }) => item],
  ['metadata but as null', (item) => ({ ...item, metadata: null })],
  ['notes', ({ notes: _, ...item }) => item],
  ['customer', ({ customerInfo: _, ...item }) => item],
  ['phone', (item) => ({ ...item, customerInfo: { fullName: 'Jo Doe', email: 'jo@example.com' } })],
  ['address', ({ serviceAddress: _, ...item }) => item],
  ['creation', ({ createdAt: _, ...item }) => item],
  ['order', ({ orderId: _, ...item }) => item],
])('an item that the list shows without its %s is read', async (_what, shortened) => {
  const itemId = place(1)[0]!;
  const whole = offergrid.control.items()[0]!;
  const server = await startRecordingServer();
  try {
    server.answer = (request, response) => {
      const isList = request.url.includes('?');
      json(200, isList ? [shortened({ ...whole })] : whole)(request, response);
    };
    const answer = await readerOf(server.url)(itemId, start - 10 * SECOND);
    expect(answer).toEqual(await read(itemId, start));
    expect(server.received.at(-1)?.url).toBe(`/provider/orders/${itemId}`);
  } finally {
    await server.close();
  }
});
