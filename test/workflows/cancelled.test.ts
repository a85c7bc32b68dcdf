import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import type { Call } from '../../sandbox/http/call-log.js';
import { operate, platformEvent, providerEvent, state } from '../../workflows/messages.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';
import { CalledOffItem, expectCalledOff, prepare, type Found, type Surroundings } from './called-off-item.js';
import { expectTold } from './called-off-notices.js';
import { nameOf, POLICY, ROWS, type Row } from './cancelled-rows.js';

/** Milliseconds. A workflow that is completed sends nothing more, and what it left running is heard of by then. */
const QUIET = 3_000;
/** Milliseconds for all rows together, on a machine that has other things to do. */
const ALL = 240_000;
/** Items that are called off side by side: more would only wait for each other. */
const AT_ONCE = 12;
const TIME = '2031-01-02T00:00:00Z';

describe('an order that is called off', () => {
  let time: SkippedTime;
  const found = new Map<Row, Found | Error>();
  const itemIds = new Map<Row, string>();
  /** Calls that came to either system when every order had ended, and a while had passed. */
  let afterwards: Call[] = [];

  beforeAll(async () => {
    // A server as in production: the other one has been seen to stop when calls are cancelled while they run.
    time = await startSkippedTime(POLICY, { server: 'dev' });
    const world = workflowsOf(time);
    const waiting = prepare(world, ROWS);
    const walk = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        itemIds.set(next.row, next.itemId);
        const item = new CalledOffItem(world, next.row, next.itemId);
        found.set(next.row, await item.walk().catch((error: Error) => error));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, walk));

    time.offergrid.control.clearFaults();
    time.provider.control.clearFaults();
    const seen = [time.offergrid.control.calls().length, time.provider.control.calls().length] as const;
    await wait(QUIET);
    afterwards = [
      ...time.offergrid.control.calls().slice(seen[0]),
      ...time.provider.control.calls().slice(seen[1]),
    ];
  }, ALL);
  afterAll(() => time?.stop());

  test.each(ROWS.map((row) => [nameOf(row), row] as const))('%s', (_, row) => {
    const outcome = found.get(row);
    if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error('not walked');
    expectCalledOff(row, outcome);
    expectTold(row, itemIds.get(row)!, time.notifications.received());
  });

  test('and nothing more was sent of any of them', () => {
    // An order that is installed is open still, and may be read.
    expect(afterwards.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});

function workflowsOf(time: SkippedTime): Surroundings {
  const { env, offergrid, provider } = time;
  const handleOf = (itemId: string) => env.client.workflow.getHandle(fulfillmentWorkflowId(itemId));
  return {
    offergrid,
    provider,
    place: async (itemId, order) => void (await time.hear({ ...order, itemId })),
    report: (itemId, event) => handleOf(itemId).signal(providerEvent, event as never),
    view: (itemId) => handleOf(itemId).query(state),
    ended: (itemId) => handleOf(itemId).result(),
    callOff: async (itemId, source) => {
      switch (source) {
        case 'platform':
          offergrid.control.cancelAsReseller(itemId, 'moved away');
          await handleOf(itemId).signal(platformEvent, {
            ...{ id: 'cancel', type: 'order.cancelled', occurredAt: TIME },
          });
          break;
        case 'customer':
          await handleOf(itemId).signal(providerEvent, {
            ...{ id: 'cancel', type: 'order.cancelled', time: TIME },
            data: { reason: 'No need', requestedBy: 'customer' },
          });
          break;
        case 'operator':
          await handleOf(itemId)
            .executeUpdate(operate, { args: [{ command: 'cancel', reason: 'No crew', actor: 'dana' }] })
            .catch(() => undefined);
      }
    },
  };
}
