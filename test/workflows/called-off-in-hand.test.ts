import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderView } from '../../domain/order-view.js';
import type { Call } from '../../sandbox/http/call-log.js';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import { platformEvent, state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';
import { report, SCENES, TIME, withdrawn } from './called-off-in-hand-scenes.js';

/** Milliseconds for which a call stays in hand. */
const IN_HAND = 2_500;
/** Milliseconds for all of them together. */
const ALL = 120_000;

const ROWS = SCENES.flatMap((scene, n) =>
  (['platform', 'customer'] as const).map((source) => ({ scene, source, itemId: `item-${source}-${n}` })),
);
type Row = (typeof ROWS)[number];

interface Found {
  path: string[];
  view: OrderView;
  /** Calls that came after the cancellation and neither read the item nor call something off. */
  sentAfterwards: string[];
  openWorkOrders: object[];
}

describe('an order that is called off with this in hand', () => {
  let time: SkippedTime;
  const found = new Map<Row, Found | Error>();

  beforeAll(async () => {
    time = await startSkippedTime({ acknowledgeAfter: null }, { server: 'dev' });
    time.provider.control.setFaults([{ kind: 'delay', ms: IN_HAND, path: '/work-orders/*/cancel' }]);
    const faults: HttpFault[] = [];
    await Promise.all(
      ROWS.map(async (row) => {
        // Those of other rows may strike once more: it makes them slower, and no different.
        const hold = (fault: HttpFault) => time.offergrid.control.setFaults((faults.push(fault), faults));
        found.set(row, await walk(row, time, hold).catch((error: Error) => error));
      }),
    );
  }, ALL);
  afterAll(() => time?.stop());

  test.each(ROWS.map((row) => [row.scene.name, row.source, row] as const))('%s, by %s', (_, source, row) => {
    const outcome = found.get(row);
    if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error('not walked');
    const { ends } = row.scene;
    expect(outcome.path).toEqual(ends[source]);
    expect(outcome.view).toMatchObject({ stage: 'done', outcome: ends[source].at(-1) });
    expect(outcome.sentAfterwards).toEqual([]);
    expect(outcome.view.attention?.code ?? null).toBe(row.scene.people?.[source] ?? null);
    // Of an installation that failed the visit was made.
    if (outcome.view.outcome !== 'failed') expect(outcome.openWorkOrders).toEqual([]);
  });
});

/** Brings one order to where the call is in hand, calls it off, and follows it to its end. */
async function walk(
  { scene, source, itemId }: Row,
  time: SkippedTime,
  hold: (fault: HttpFault) => void,
): Promise<Found> {
  const { call, order = {}, reports = [], ends } = scene;
  const { control } = time.offergrid;
  const item = await time.hear({ ...order, itemId });
  const view = () => item.handle.query(state);
  const until = (what: string, holds: () => boolean | Promise<boolean>) =>
    eventually(`${what}: ${itemId}`, holds, { seen: view });

  if (order.incomplete === true)
    await until('it to wait for a person', async () => (await view()).stage === 'review');
  else await until('its work order', async () => (await view()).workOrderId !== null);
  for (const [type, data, shown] of reports) {
    await report(item, type, data);
    await until(`it to show ${shown.join(', ')}`, () => control.path(itemId).length === shown.length);
  }
  const own = ({ path }: Call) =>
    path.includes(itemId) || workOrdersOf(time, itemId).some((id) => path.includes(id));
  const calls = () => [...control.calls(), ...time.provider.control.calls()].filter(own);
  const isIt = ({ method, path, body }: Call) =>
    method === call.method &&
    call.path.test(path) &&
    (call.status === undefined || (body as { status: string }).status === call.status);
  if (call.system === 'offergrid') {
    const path = `/provider/orders/${itemId}${call.method === 'GET' ? '' : '/status'}`;
    const whenBody = call.status === undefined ? {} : { whenBody: { status: call.status } };
    hold({ kind: 'delay', ms: IN_HAND, times: 1, method: call.method, path, ...whenBody });
  }
  await scene.act(item, time);
  const inHand = () =>
    calls()
      .filter(isIt)
      .at((call.nth ?? 1) - 1);
  await until('the call to be in hand', () => inHand()?.status === null);

  const before = new Set(calls().map(wordsFor));
  if (source === 'customer') await withdrawn(item);
  else {
    control.cancelAsReseller(itemId, 'moved away');
    await item.handle.signal(platformEvent, { id: 'cancel', type: 'order.cancelled', occurredAt: TIME });
  }
  await until('the end', async () => (await item.handle.describe()).status.name === 'COMPLETED');
  const callsOff = ({ method, path, body }: Call) =>
    method === 'GET' ||
    path.endsWith('/cancel') ||
    (body as { status?: string }).status === ends[source].at(-1);
  return {
    path: control.path(itemId),
    view: await view(),
    sentAfterwards: calls()
      .filter((one) => !callsOff(one))
      .map(wordsFor)
      .filter((words) => !before.has(words)),
    openWorkOrders: time.provider.control
      .workOrders()
      .filter((one) => one.itemId === itemId && one.state !== 'cancelled'),
  };
}

const workOrdersOf = ({ provider }: SkippedTime, itemId: string) =>
  provider.control
    .workOrders()
    .filter((one) => one.itemId === itemId)
    .map(({ workOrderId }) => workOrderId);

const wordsFor = ({ method, path, body, at }: Call) => `${at} ${method} ${path} ${JSON.stringify(body)}`;
