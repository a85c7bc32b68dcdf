import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { situationOf, transitionOf, viewOf } from '../db/transitions.js';
import { eventually, newId, startHarness, warmUp, type Harness } from './harness.js';

let api: Harness;
let itemId: string;
beforeAll(async () => {
  api = await startHarness();
});
beforeEach(async () => {
  itemId = newId('item');
  await record(itemId);
});
afterEach(() => Promise.all([api.postgres.mend(), api.temporal.mend()]));
afterAll(() => api.close());

const record = (id: string, revision = 1, done = false) =>
  api.records.record(
    transitionOf(viewOf(id, { stage: done ? 'done' : 'scheduling', offergridStatus: 'accepted' }), {
      situation: situationOf({ stage: done ? 'done' : 'scheduling', status: 'accepted' }),
      revision,
    }),
  );
const started = (id: string, more: object = {}) => ({
  ...{ id, type: 'installation.started', source: 'crm' },
  ...{ time: '2025-01-02T10:00:00.000Z', data: { technicianName: 'Ann Other' } },
  ...more,
});
const send = (body: unknown, to = itemId) => api.call('POST', `/v1/orders/${to}/events`, { body });
const heard = async (id = itemId) => (await api.signals(id))?.map(({ event }) => event['id']) ?? [];
const rowsOf = async (id = itemId) => {
  const sql = `select state, reason, body from inbox where item_id = $1 and source = 'provider' order by id`;
  return (await api.pool.query<{ state: string; reason: string | null; body: unknown }>(sql, [id])).rows;
};
const notes = async () => (await api.records.timeline(itemId)).map(({ actor, note }) => ({ actor, note }));
const TOO_LATE = {
  actor: 'crm',
  note: 'installation.started was accepted, and the order had ended before it could be delivered.',
};
const isGivenUp = () =>
  eventually(async () =>
    expect(await rowsOf()).toEqual([
      { state: 'quarantined', reason: 'the order had ended before it could be delivered', body: null },
    ]),
  );

async function triedAgain(): Promise<void> {
  const due = async () => {
    const sql = 'select next_attempt_at as at from inbox where item_id = $1';
    return (await api.pool.query<{ at: Date }>(sql, [itemId])).rows[0]?.at.getTime();
  };
  const before = await due();
  await eventually(async () => expect(await due()).not.toBe(before));
}

test.each(['cut', 'freeze'] as const)(
  'Temporal away (%s): accepted, told apart, and delivered once and in order when it is back',
  async (how) => {
    await warmUp(api);
    await api.temporal[how]();
    const items = [itemId, newId('item'), newId('item')];
    for (const id of items.slice(1)) await record(id);
    const ids = ['evt-3', 'evt-1', 'evt-2'];
    await Promise.all(
      items.map(async (to) => {
        for (const id of ids) {
          const answer = await send(started(id), to);
          expect(answer.status).toBe(202);
          expect(answer.body).toEqual({ id, itemId: to, duplicate: false });
        }
      }),
    );
    expect((await send(started('evt-1'))).body).toEqual({ id: 'evt-1', itemId, duplicate: true });
    expect((await send(started('evt-1', { data: {} }))).status).toBe(422);
    expect((await send({ id: 'evt-9', type: 'availability.confirmed' })).status).toBe(409);
    expect((await send(started('evt-1'), 'item-nobody-named')).status).toBe(404);
    expect((await rowsOf())[0]?.body).toEqual(started('evt-3'));

    await api.temporal.mend();
    for (const to of items) {
      await eventually(async () => expect(await heard(to)).toEqual(ids), 30_000);
      const delivered = { state: 'processed', body: null };
      await eventually(async () => expect(await rowsOf(to)).toMatchObject([delivered, delivered, delivered]));
    }
    // What comes then goes straight to the workflow again.
    expect((await send(started('evt-4'))).status).toBe(202);
    expect(await heard()).toEqual([...ids, 'evt-4']);
  },
);

test('webhooks get through while events of the provider pile up before a Temporal that does not answer', async () => {
  const items = Array.from({ length: 60 }, () => newId('item'));
  for (const id of items) await record(id);
  await warmUp(api);
  api.temporal.freeze();
  const events = Promise.all(items.map((id) => send(started('evt-1'), id)));
  const webhooks = Promise.all(
    Array.from({ length: 20 }, () => api.webhook({ event: 'order.created', itemId: newId('item') })),
  );
  expect(new Set((await events).map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set((await webhooks).map(({ status }) => status))).toEqual(new Set([200]));
  await api.temporal.mend();
  for (const id of items) await eventually(async () => expect(await heard(id)).toEqual(['evt-1']), 30_000);
});

/** A first event that was delivered, however doubtful an earlier test left Temporal; its own row, if any, is gone. */
async function arrived(): Promise<void> {
  await warmUp(api);
  await send(started('evt-1'));
  await eventually(async () => expect(await heard()).toEqual(['evt-1']));
  await eventually(async () =>
    expect((await rowsOf()).filter(({ state }) => state === 'received')).toEqual([]),
  );
  await api.pool.query('delete from inbox where item_id = $1', [itemId]);
}

test('an event whose item ended before its delivery is on record and before a person', async () => {
  await arrived();
  await api.temporal.cut();
  expect((await send(started('evt-2'))).status).toBe(202);
  await api.client.workflow.getHandle(`fulfillment-${itemId}`).terminate('test');
  await api.temporal.mend();

  await isGivenUp();
  expect(await notes()).toEqual([TOO_LATE]);
  const { items } = (await api.call('GET', '/v1/inbox?state=quarantined')).body as {
    items: { id: string; itemId: string; event: string }[];
  };
  const row = items.find((one) => one.itemId === itemId)!;
  expect(row).toMatchObject({ event: 'installation.started', orderId: `order-of-${itemId}` });
  const told = api.client.workflow.getHandle(`notification-${itemId}-order.attention-late-event-${row.id}`);
  expect((await told.describe()).type).toBe('sendNotification');

  // A person who tries again changes nothing: there is nobody left to tell.
  expect((await api.call('POST', `/v1/inbox/${row.id}/replay`)).status).toBe(202);
  await eventually(async () =>
    expect(await rowsOf()).toMatchObject([
      { state: 'quarantined', reason: 'its content is not kept any more' },
    ]),
  );
  expect(await notes()).toEqual([TOO_LATE]);
  expect(await heard()).toEqual(['evt-1']);
});

test('an event that had arrived, and whose item ended by it, is not called late', async () => {
  await arrived();
  await api.temporal.cut();
  expect((await send(started('evt-2'))).status).toBe(202);
  const run = api.client.workflow.getHandle(`fulfillment-${itemId}`);
  // As if the answer to the first delivery had been lost.
  await run.signal('providerEvent', started('evt-2'));
  await run.terminate('test');
  await api.temporal.mend();
  await eventually(async () => expect(await rowsOf()).toMatchObject([{ state: 'processed', body: null }]));
  expect(await notes()).toEqual([]);
  expect(await heard()).toEqual(['evt-1', 'evt-2']);
});

test('an item that the records call done is not started again for an event that waited', async () => {
  await api.temporal.cut();
  expect((await send(started('evt-1'))).status).toBe(202);
  await record(itemId, 2, true);
  // An attempt that was under way then has read the item before.
  for (let attempts = 0; attempts < 2; attempts += 1) await triedAgain();
  await api.temporal.mend();
  await isGivenUp();
  expect(await notes()).toEqual([TOO_LATE]);
  expect(await api.signals(itemId)).toBeNull();
});

test('what an event that waits tells of people is not logged', async () => {
  await api.temporal.cut();
  await send(started('evt-1'));
  expect(api.logged()).toContain('event not delivered, keeping it');
  expect(api.logged()).not.toContain('Ann Other');
});
