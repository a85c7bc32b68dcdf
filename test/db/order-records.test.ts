import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BadCursorError } from '../../db/order-list.js';
import { createOrderRecords, type OrderRecords } from '../../db/order-records.js';
import { openTestDatabase, type TestDatabase } from './database.js';
import { line, situationOf, transitionOf, viewOf } from './transitions.js';

let database: TestDatabase;
let records: OrderRecords;
beforeAll(async () => {
  database = await openTestDatabase();
  records = createOrderRecords(database.pool);
});
beforeEach(() => database.pool.query('truncate order_items, timeline').then(() => {}));
afterAll(() => database.close());

describe('record', () => {
  test('keeps view, situation and story as they were given', async () => {
    const view = viewOf('item-1', { stage: 'scheduling', workOrderId: 'wo-1' });
    const situation = situationOf({ stage: 'scheduling', status: 'accepted' });
    await records.record(transitionOf(view, { situation, entries: [line(1, 'one'), line(2, 'two')] }));

    expect(await records.find('item-1')).toEqual({ view, situation });
    const { sequence: _, ...first } = line(1, 'one');
    expect((await records.timeline('item-1'))[0]).toEqual(first);
    expect((await records.timeline('item-1')).map(({ note }) => note)).toEqual(['one', 'two']);
  });

  test('written twice is written once', async () => {
    const transition = transitionOf(viewOf('item-1'), { entries: [line(1, 'one')] });
    await records.record(transition);
    await records.record(transition);
    expect(await records.timeline('item-1')).toHaveLength(1);
  });

  test('an overtaken write leaves the newer view alone, and its lines fall into place', async () => {
    const newer = viewOf('item-1', { stage: 'installation' });
    await records.record(transitionOf(newer, { revision: 7, entries: [line(2, 'two')] }));
    await records.record(
      transitionOf(viewOf('item-1', { stage: 'decision' }), { revision: 6, entries: [line(1, 'one')] }),
    );
    expect((await records.find('item-1'))?.view.stage).toBe('installation');
    expect((await records.timeline('item-1')).map(({ note }) => note)).toEqual(['one', 'two']);
  });

  test('a write made again after a crash, with its number and a later time, replaces what the dead worker left', async () => {
    const left = viewOf('item-1', { stage: 'decision', updatedAt: '2025-01-02T10:00:05.000Z' });
    await records.record(transitionOf(left, { revision: 3, entries: [line(1, 'left by the dead worker')] }));
    const again = viewOf('item-1', { stage: 'scheduling', updatedAt: '2025-01-02T10:00:15.000Z' });
    const told = { ...line(1, 'as it went on'), at: '2025-01-02T10:00:15.000Z' };
    await records.record(transitionOf(again, { revision: 3, entries: [told] }));
    await records.record(transitionOf(left, { revision: 3, entries: [line(1, 'left by the dead worker')] }));
    expect((await records.find('item-1'))?.view.stage).toBe('scheduling');
    expect((await records.timeline('item-1')).map(({ note }) => note)).toEqual(['as it went on']);
  });

  test('a newer write replaces everything the list and the report go by', async () => {
    const open = viewOf('item-1', {
      attention: { code: 'no_show', since: '2025-01-02T10:00:00.000Z', message: 'x' },
    });
    await records.record(transitionOf(open, { revision: 1 }));
    const done = viewOf('item-1', { stage: 'done', outcome: 'active', offergridStatus: 'active' });
    await records.record(
      transitionOf(done, { revision: 2, milestones: { acceptedAt: '2025-01-02T11:00:00.000Z' } }),
    );
    expect((await records.list({ attention: true, limit: 10 })).items).toEqual([]);
    expect((await records.list({ outcome: 'active', limit: 10 })).items).toEqual([done]);
    expect((await records.report(null, null)).timeToAccept.p50).toBe(3600);
  });

  test('neither view nor lines are written when one of them cannot be', async () => {
    const bad = { ...line(1, 'one'), at: 'no time at all' };
    await expect(records.record(transitionOf(viewOf('item-1'), { entries: [bad] }))).rejects.toThrow();
    expect(await records.find('item-1')).toBeNull();
  });

  test('text that Postgres cannot hold does not hold the item up', async () => {
    const view = viewOf('item-1', { offerName: 'half \ud800 and nul \0' });
    await records.record(transitionOf(view, { entries: [line(1, 'nul \0')] }));
    expect((await records.find('item-1'))?.view.offerName).toBe('half \ufffd and nul \ufffd');
    expect((await records.timeline('item-1'))[0]?.note).toBe('nul \ufffd');
  });
});

describe('list', () => {
  const due = (itemId: string, deadline: string | null, orderId = 'ord-1') =>
    transitionOf(
      viewOf(itemId, {
        orderId,
        sla: deadline === null ? null : { state: 'on_track', deadline, respondedAt: null },
      }),
    );

  test('pages through all, by deadline, then item id in the order of its bytes, unread last', async () => {
    const at = '2025-01-03T10:00:00.000Z';
    const expected = ['item-z', 'Item-b', 'item-a', 'item-b', 'unread-1', 'unread-2'];
    await records.record(due('unread-2', null));
    await records.record(due('item-b', at));
    await records.record(due('unread-1', null));
    await records.record(due('Item-b', at));
    await records.record(due('item-a', at));
    await records.record(due('item-z', '2025-01-03T09:59:59.999Z'));

    for (const limit of [1, 2, 3, 6]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<OrderRecords['list']>> = await records.list({
          limit,
          ...(cursor === null ? {} : { cursor }),
        });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items.map(({ itemId }) => itemId));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(expected);
    }
  });

  test('filters by order', async () => {
    await records.record(due('item-1', null, 'ord-1'));
    await records.record(due('item-2', null, 'ord-2'));
    const { items } = await records.list({ orderId: 'ord-2', limit: 10 });
    expect(items.map(({ itemId }) => itemId)).toEqual(['item-2']);
    expect(await records.itemsOfOrder('ord-1')).toEqual(['item-1']);
  });

  test.each([
    'nonsense',
    Buffer.from('["2025-01-01T00:00:00.000Z"]').toString('base64url'),
    Buffer.from('["soon","item-1"]').toString('base64url'),
    Buffer.from('["2025-99-99T00:00:00.000Z","item-1"]').toString('base64url'),
    Buffer.from('{}').toString('base64url'),
  ])('takes no cursor it did not give out: %s', async (cursor) => {
    await expect(records.list({ limit: 10, cursor })).rejects.toThrow(BadCursorError);
  });
});
