import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProviderEvents, type ProviderEvents } from '../../db/provider-events.js';
import { openTestDatabase, type TestDatabase } from './database.js';

let database: TestDatabase;
let events: ProviderEvents;
beforeAll(async () => {
  database = await openTestDatabase();
  events = createProviderEvents(database.pool);
});
afterAll(() => database.close());

const key = (eventId: string, contentHash = 'abc') => ({ itemId: 'item-1', eventId, contentHash });

test('of ten at once one delivers, and the others learn that it did', async () => {
  let delivered = 0;
  const deliver = () => Promise.resolve(void (delivered += 1));
  const answers = await Promise.all(Array.from({ length: 10 }, () => events.accept(key('evt-1'), deliver)));
  expect(answers.filter((answer) => answer === 'new')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'taken')).toHaveLength(9);
  expect(delivered).toBe(1);
});

test('the same id with other content is a conflict', async () => {
  expect(await events.accept(key('evt-2'), () => Promise.resolve())).toBe('new');
  expect(await events.accept(key('evt-2', 'xyz'), () => Promise.reject(new Error('not to be called')))).toBe(
    'conflict',
  );
  expect(await events.seen(key('evt-2'))).toBe('taken');
  expect(await events.seen(key('evt-2', 'xyz'))).toBe('conflict');
});

test('a delivery that fails does not use the id up', async () => {
  await expect(events.accept(key('evt-3'), () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await events.seen(key('evt-3'))).toBe('new');
  expect(await events.accept(key('evt-3', 'other'), () => Promise.resolve())).toBe('new');
});

test("ids are the item's own", async () => {
  await events.accept(key('evt-4'), () => Promise.resolve());
  expect(await events.accept({ ...key('evt-4'), itemId: 'item-2' }, () => Promise.resolve())).toBe('new');
});
