import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInbox, type Inbox } from '../../db/inbox.js';
import { createProviderEvents, type ProviderEvents } from '../../db/provider-events.js';
import { openTestDatabase, type TestDatabase } from './database.js';

let database: TestDatabase;
let events: ProviderEvents;
let inbox: Inbox;
beforeAll(async () => {
  database = await openTestDatabase();
  events = createProviderEvents(database.pool);
  inbox = createInbox(database.pool);
});
afterAll(() => database.close());

const content = (id: string) => ({
  orderId: 'ord-1',
  event: {
    id,
    type: 'installation.started' as const,
    time: '2025-01-02T10:00:00.000Z',
    data: { technicianName: 'Ann' },
  },
});
const key = (eventId: string, contentHash = 'abc') => ({ itemId: 'item-1', eventId, contentHash });

const reached = () => Promise.resolve(true);

test('of ten at once one delivers, and the others learn that it did', async () => {
  let delivered = 0;
  const deliver = () => Promise.resolve((delivered += 1) > 0);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => events.accept(key('evt-1'), content('evt-1'), deliver)),
  );
  expect(answers.filter((answer) => answer === 'new')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'taken')).toHaveLength(9);
  expect(delivered).toBe(1);
});

test('the same id with other content is a conflict', async () => {
  expect(await events.accept(key('evt-2'), content('evt-2'), reached)).toBe('new');
  expect(
    await events.accept(key('evt-2', 'xyz'), content('evt-2'), () =>
      Promise.reject(new Error('not to be called')),
    ),
  ).toBe('conflict');
  expect(await events.seen(key('evt-2'))).toBe('taken');
  expect(await events.seen(key('evt-2', 'xyz'))).toBe('conflict');
});

test('a delivery that fails does not use the id up', async () => {
  await expect(
    events.accept(key('evt-3'), content('evt-3'), () => Promise.reject(new Error('away'))),
  ).rejects.toThrow('away');
  expect(await events.seen(key('evt-3'))).toBe('new');
  expect(await events.accept(key('evt-3', 'other'), content('evt-3'), reached)).toBe('new');
});

test("ids are the item's own", async () => {
  await events.accept(key('evt-4'), content('evt-4'), reached);
  expect(await events.accept({ ...key('evt-4'), itemId: 'item-2' }, content('evt-4'), reached)).toBe('new');
});

describe('what could not be delivered', () => {
  const away = () => Promise.resolve(false);
  const keep = (itemId: string, eventId: string, deliver = away) =>
    events.accept({ ...key(eventId), itemId }, content(eventId), deliver);
  const claimed = async () => (await inbox.claim(10)).map((row) => (row.content as { id: string }).id).sort();
  const settle = async (eventId: string) => {
    const { rows } = await database.pool.query<{ id: string }>(
      `select id from inbox where body->>'id' = $1`,
      [eventId],
    );
    await inbox.markProcessed(rows[0]!.id, null);
  };
  beforeEach(() => database.pool.query('truncate inbox').then(() => {}));

  test('is kept in the transaction that uses the id up, and the item stays known by its webhook alone', async () => {
    expect(await keep('item-5', 'evt-5')).toBe('kept');
    expect(await events.seen({ ...key('evt-5'), itemId: 'item-5' })).toBe('taken');
    const [row] = await inbox.claim(10);
    expect(row).toMatchObject({
      ...{ source: 'provider', event: 'installation.started', itemId: 'item-5', orderId: 'ord-1' },
      content: content('evt-5').event,
    });
  });

  test('goes out one after the other for each item, in the order of acceptance', async () => {
    for (const eventId of ['a-1', 'a-2', 'a-3']) await keep('item-a', eventId);
    await keep('item-b', 'b-1');
    expect(await claimed()).toEqual(['a-1', 'b-1']);
    expect(await claimed()).toEqual([]);
    await settle('a-1');
    expect(await claimed()).toEqual(['a-2']);
    await settle('a-2');
    expect(await claimed()).toEqual(['a-3']);
  });

  test('has the later ones of its item queue behind it, not those of other items', async () => {
    await keep('item-c', 'c-1');
    expect(await keep('item-c', 'c-2', reached)).toBe('kept');
    expect(await keep('item-d', 'd-1', reached)).toBe('new');
    await inbox.claim(10);
    await settle('c-1');
    await inbox.claim(10);
    await settle('c-2');
    expect(await keep('item-c', 'c-3', reached)).toBe('new');
  });

  test('does not hold the later ones up once it is left for a person, who still has its content', async () => {
    await keep('item-e', 'e-1');
    await keep('item-e', 'e-2');
    const [first] = await inbox.claim(10);
    await inbox.quarantine(first!.id, 'no use');
    expect(await claimed()).toEqual(['e-2']);
    await inbox.replay(first!.id);
    expect(await claimed()).toEqual(['e-1']);
  });

  test('is forgotten but for its names when it is delivered, or given up', async () => {
    await keep('item-f', 'f-1');
    await keep('item-g', 'g-1');
    const [one, other] = await inbox.claim(10);
    await inbox.markProcessed(one!.id, null);
    await inbox.giveUp(other!.id, 'too late');
    const { rows } = await database.pool.query('select state, body from inbox order by state');
    expect(rows).toEqual([
      { state: 'processed', body: null },
      { state: 'quarantined', body: null },
    ]);
  });
});
