import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system?.stop());

describe('the four workflows of the order-workflow page', () => {
  test('standard installation', async () => {
    const { items } = system.offergrid.control.placeOrder();
    const itemId = items[0]!.itemId;
    await eventually('accepted', () => system.offergrid.control.path(itemId).includes('accepted'));
    expect(system.offergrid.control.path(itemId)).toEqual(['pending', 'accepted']);
  });
});
