import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { platformEvent } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { command, look, until } from '../support/item-view.js';
import { HOUR, startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

/* Calls of one item to the provider's system that fail for hours, while everything else works. */

const TIME = '2031-01-01T00:00:00Z';

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({
    categories: { insurance: { fulfillment: 'instant', availability: 'none' } },
  });
});
afterAll(() => time?.stop());
afterEach(() => {
  time.offergrid.control.clearFaults();
  time.provider.control.clearFaults();
});

const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);
const eventsOf = async (item: HeardItem) => (await item.handle.fetchHistory()).events?.length ?? 0;

const failures = (path: string) =>
  time.provider.control.calls().filter((call) => call.path.startsWith(path) && call.status === 500).length;

describe("the provider's system fails at it for hours", () => {
  /** A person is told once, after half an hour; it is tried all the while, and the history does not grow. */
  async function failsFor(item: HeardItem, path: string): Promise<void> {
    const told = () => item.hoursOf('order.attention').length;
    await eventually('the first failure', () => failures(path) > 0);
    const before = told();
    await time.env.sleep('15m');
    expect((await look(item)).attention).toBeNull();
    await time.env.sleep('20m');
    const { attention } = await until(item, (view) => view.attention !== null);
    expect(attention).toMatchObject({
      code: 'manual_review',
      message: expect.stringContaining('keep trying') as string,
    });
    await eventually('the notice', () => told() > before);
    const tried = failures(path);
    const events = await eventsOf(item);
    await time.env.sleep('1h');
    expect(failures(path) - tried).toBeGreaterThan(50);
    expect(await eventsOf(item)).toBe(events);
    expect(told()).toBe(before + 1);
    time.provider.control.clearFaults();
    await time.env.sleep('2m');
    await until(item, (view) => view.attention === null);
  }

  test('making the work order', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 500, path: '/work-orders' }]);
    const item = await time.hear({});
    await failsFor(item, '/work-orders');
    expect((await look(item)).workOrderId).not.toBeNull();
    expect(time.provider.control.workOrders().filter(({ itemId }) => itemId === item.itemId)).toHaveLength(1);
  });

  test('the activation', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 500, path: '/activations' }]);
    const item = await time.hear({ offerId: 'off-ins-1' });
    await failsFor(item, '/activations');
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'active']);
  });

  test('cancelling the work order of an order that ended', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 500, path: '/work-orders/*/cancel' }]);
    const item = await time.hear({});
    const { workOrderId } = await until(item, (view) => view.workOrderId !== null);
    time.offergrid.control.cancelAsReseller(item.itemId);
    await item.handle.signal(platformEvent, { id: 'cancel', type: 'order.cancelled', occurredAt: TIME });
    await until(item, ({ outcome }) => outcome === 'cancelled');
    await failsFor(item, `/work-orders/${workOrderId}/cancel`);
    await item.handle.result();
    const orders = time.provider.control.workOrders().filter(({ itemId }) => itemId === item.itemId);
    expect(orders.map((order) => order.state)).toEqual(['cancelled']);
  });

  test('beside a step that waits for a word: that one stays before people, before and after', async () => {
    time.provider.control.setFaults([
      { kind: 'error', status: 422, path: '/work-orders' },
      { kind: 'error', status: 500, path: '/customer-contacts' },
    ]);
    const item = await time.hear({});
    const { attention: refused } = await until(item, ({ attention }) => attention?.code === 'manual_review');
    expect(refused?.message).toContain('work order');
    const before = failures('/customer-contacts');
    await time.env.sleep('40m');
    await eventually('more than one round of attempts', () => failures('/customer-contacts') > before + 30);
    expect((await look(item)).attention).toEqual(refused);
    time.provider.control.clearFaults();
    await time.env.sleep('2m');
    const contacts = () => time.provider.control.calls().filter(({ path }) => path === '/customer-contacts');
    await eventually('the contact', () => contacts().at(-1)?.status !== 500);
    expect((await look(item)).attention).toEqual(refused);
    await command(item, { command: 'retry' });
    await until(item, ({ attention, workOrderId }) => attention === null && workOrderId !== null);
  });

  test('and then refuses it: a person, who has to say how it goes on, is told anew', async () => {
    const fault = (status: number, path: string) => ({ kind: 'error', status, path }) as const;
    const contacts = fault(500, '/customer-contacts');
    time.provider.control.setFaults([fault(500, '/work-orders'), contacts]);
    const before = failures('/work-orders');
    const item = await time.hear({});
    await eventually('the first failure', () => failures('/work-orders') > before);
    await time.env.sleep('40m');
    await eventually('the notice', () => item.hoursOf('order.attention').length === 1);
    time.provider.control.setFaults([fault(422, '/work-orders'), contacts]);
    await time.env.sleep('2m');
    await until(item, ({ attention }) => attention?.message.includes('refused the work order') === true);
    await eventually('another notice', () => item.hoursOf('order.attention').length === 2);
    time.provider.control.clearFaults();
    await time.env.sleep('2m');
    await command(item, { command: 'retry' });
    await until(item, ({ attention, workOrderId }) => attention === null && workOrderId !== null);
  });

  test('beside a step that waits for a word, and for longer than that: people are told of both', async () => {
    const contacts = { kind: 'error', status: 500, path: '/customer-contacts' } as const;
    time.provider.control.setFaults([{ kind: 'error', status: 422, path: '/work-orders' }, contacts]);
    const before = failures('/customer-contacts');
    const item = await time.hear({});
    await until(item, ({ attention }) => attention?.code === 'manual_review');
    await time.env.sleep('40m');
    await eventually('more than one round of attempts', () => failures('/customer-contacts') > before + 31);
    expect(item.hoursOf('order.attention')).toHaveLength(1);
    time.provider.control.setFaults([contacts]);
    await command(item, { command: 'retry' });
    const { attention } = await until(item, ({ workOrderId }) => workOrderId !== null);
    expect(attention?.message).toContain('the customer contact');
    await eventually('another notice', () => item.hoursOf('order.attention').length === 2);
  });

  test('and asks for hours of patience: a person is told at once, and retry does not wait for them', async () => {
    const patience = { headers: { 'Retry-After': '3600' } };
    const path = '/work-orders';
    const asked = () =>
      time.provider.control.calls().filter((call) => call.path === path && call.status === 503).length;
    const before = asked();
    time.provider.control.setFaults([{ kind: 'error', status: 503, path, ...patience }]);
    const item = await time.hear({});
    await until(item, ({ attention }) => attention?.code === 'manual_review');
    await eventually('the next attempt', () => asked() > before + 1);
    // Half way to the one after it.
    await time.env.sleep('30m');
    time.provider.control.clearFaults();
    const mended = await time.env.currentTimeMs();
    await command(item, { command: 'retry' });
    await until(item, ({ attention, workOrderId }) => attention === null && workOrderId !== null);
    expect((await time.env.currentTimeMs()) - mended).toBeLessThan(HOUR / 4);
  });

  test('until the order is called off: nothing is left for a person', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 500, path: '/customer-contacts' }]);
    const item = await time.hear({});
    await until(item, (view) => view.workOrderId !== null);
    await time.env.sleep('40m');
    await until(item, ({ attention }) => attention?.code === 'manual_review');
    time.offergrid.control.cancelAsReseller(item.itemId);
    await item.handle.signal(platformEvent, { id: 'cancel', type: 'order.cancelled', occurredAt: TIME });
    await item.handle.result();
    expect(await look(item)).toMatchObject({ outcome: 'cancelled', attention: null });
  });
});
