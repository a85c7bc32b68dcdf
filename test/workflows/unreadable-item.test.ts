import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OperatorCommand } from '../../domain/command.js';
import type { OrderView } from '../../domain/order-view.js';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import { operate, platformEvent } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { look } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime();
});
afterAll(() => time?.stop());
afterEach(() => time.offergrid.control.clearFaults());

const VISIT = { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' };
const WORDS = 'Pat Doe must not be shown';
/** Of an item the platform says something that helps nobody; a proxy may say it in its place. */
const ANSWERS: Record<string, Pick<Extract<HttpFault, { kind: 'error' }>, 'status' | 'body'>> = {
  refused: { status: 422, body: { message: WORDS } },
  'a form nobody knows': { status: 200, body: { id: { nobody: 'knows' } } },
};

/** Or nothing at all, of an item it once showed. */
const UNSHOWN: typeof ANSWERS = { ...ANSWERS, 'not known any more': { status: 404 } };

const pathOf = (item: { itemId: string }) => time.offergrid.control.path(item.itemId);
const command = (item: HeardItem, said: OperatorCommand) =>
  item.handle.executeUpdate(operate, { args: [said] });
const hint = (item: HeardItem, type: string) =>
  item.handle.signal(platformEvent, { id: `hint-${type}`, type, occurredAt: '2031-01-01T00:00:00Z' });

/** Skips time until the view is as expected: attempts that fail come after pauses. */
async function until(item: HeardItem, holds: (view: OrderView) => boolean): Promise<OrderView> {
  const seeing = async () => {
    await time.env.sleep('1m');
    const view = await look(item);
    return holds(view) && view;
  };
  return await eventually('the expected view', seeing, { seen: () => look(item) });
}

function hide(itemId: string, answer: (typeof ANSWERS)[string], ...more: HttpFault[]): void {
  const read = { kind: 'error', method: 'GET', path: `/provider/orders/${itemId}`, ...answer } as const;
  time.offergrid.control.setFaults([read, ...more]);
}

const isAdrift = ({ attention }: OrderView) => attention?.code === 'drift';

test.each(Object.entries(ANSWERS))(
  'before it was ever read, %s: a person is told, and it is carried out once it can be read',
  async (_, answer) => {
    const itemId = `item-unread-${answer.status}`;
    hide(itemId, answer);
    const item = await time.hear({ itemId });
    const { attention } = await until(item, isAdrift);
    expect(attention?.message).toContain('does not show this item in a form that can be read');
    time.offergrid.control.clearFaults();
    await command(item, { command: 'retry', actor: 'dana' });
    const { attention: left } = await until(item, ({ workOrderId }) => workOrderId !== null);
    expect(left).toBeNull();
    expect(JSON.stringify(time.notifications.received())).not.toContain(WORDS);
  },
);

test.each(Object.entries(ANSWERS))(
  'looked at after a hint, %s: a person is told, and what people say is acted on',
  async (_, answer) => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    hide(item.itemId, answer);
    await hint(item, 'order.updated');
    await until(item, isAdrift);
    await command(item, { command: 'schedule', ...VISIT, actor: 'dana' });
    await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled']);
  },
);

test.each(Object.entries(UNSHOWN))(
  'looked at after a cancellation there, %s: nothing more is begun, and it is read until it shows',
  async (_, answer) => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    time.offergrid.control.cancelAsReseller(item.itemId);
    hide(item.itemId, answer);
    await hint(item, 'order.cancelled');
    const { attention } = await until(item, isAdrift);
    expect(attention?.message).toContain('the order was cancelled');
    await command(item, { command: 'schedule', ...VISIT, actor: 'dana' });
    await time.env.sleep('20m');
    time.offergrid.control.clearFaults();
    await until(item, ({ outcome }) => outcome === 'cancelled');
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'cancelled']);
    const orders = time.provider.control.workOrders().filter(({ itemId }) => itemId === item.itemId);
    expect(orders.map((order) => order.state)).toEqual(['cancelled']);
  },
);

test('after an update whose reply was lost, refused: a person is told, and a retry does not send it twice', async () => {
  const item = await time.hear({});
  await until(item, ({ workOrderId }) => workOrderId !== null);
  const path = `/provider/orders/${item.itemId}/status`;
  hide(item.itemId, ANSWERS['refused']!, { kind: 'drop-reply', method: 'PATCH', path, times: 1 });
  await command(item, { command: 'schedule', ...VISIT, actor: 'dana' });
  const { attention } = await until(item, (view) => view.attention !== null);
  expect(attention?.code).toBe('offergrid_rejected_update');
  expect(attention?.message).toContain('cannot be found out');
  time.offergrid.control.clearFaults();
  await command(item, { command: 'retry', actor: 'dana' });
  await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
  expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled']);
  expect((await look(item)).attention).toBeNull();
  const sent = time.offergrid.control.calls().filter((call) => call.method === 'PATCH' && call.path === path);
  expect(sent).toMatchObject([{ body: { status: 'accepted' } }, { body: { status: 'scheduled' } }]);
});
