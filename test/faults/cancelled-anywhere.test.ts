import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { OrderView } from '../../domain/order-view.js';
import { fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import { seededChance } from '../../sandbox/http/fault-plan.js';
import { placeAs, type PlacedItem } from '../e2e/placed-item.js';
import { eventually } from '../support/eventually.js';
import { systemForTest, type TestSystem } from '../support/test-system.js';
import { CalledOffItem, expectCalledOff, prepare, type Surroundings } from '../workflows/called-off-item.js';
import { expectedOf, nameOf, POLICY, ROWS, type Row } from '../workflows/cancelled-rows.js';
import { experiment } from './experiment.js';

const AT_ONCE = 8;
const SEED = 5;
/** Milliseconds within which a cancellation comes, once the order is where it is called off. */
const LONGEST_MOMENT = 300;

/** Of the stages, the sources and the calls in hand each at least once. */
const SPREAD = [
  'being read (under way), by customer',
  'in review, by platform',
  'its availability asked (failing), by platform',
  'being accepted (under way), by customer',
  'being accepted (lost), by customer',
  'its work order being made (lost), by platform',
  'its customer contacted (failing), by customer',
  'being scheduled (failing), by customer',
  'scheduled, by operator',
  'being started (under way), by platform',
  'in progress, by operator',
  'going live (failing), by customer',
  'instant, being activated (failing), by platform',
  'instant, being activated (under way), by operator',
];

/** Where the order goes on the API refuses its cancellation, and tells the sender so: nobody else has to hear of it. */
const isRefused = (row: Row) => {
  const { path, attention } = expectedOf(row);
  return path.at(-1) === 'completed' && attention !== 'cancelled_in_field';
};

experiment<{ rows: Row[]; times: number }>({
  name: 'cancellation at every stage and inside every activity',
  passes:
    'ends as cancelled where the drawn moves allow it, no work order stands, an activation is put before a person, nothing else is sent afterwards',
  small: { rows: ROWS.filter((row) => SPREAD.includes(nameOf(row))), times: 1 },
  full: { rows: ROWS.filter((row) => !isRefused(row)), times: 5 },
  defect: {
    what: 'an order that is called off is set out for all the same',
    file: 'workflows/ending.js',
    replace: 'return item.callingOff || hasCancellation(item) || saidCancelled(item);',
    by: 'return false;',
    seen: /calls that do not call it off/,
  },
  run: async ({ size, programs, patience }) => {
    const system = await systemForTest({ programs, policy: POLICY });
    const chance = seededChance(SEED);
    const world = overHttp(system, patience, () => wait(chance() * LONGEST_MOMENT));
    const rows = Array.from({ length: size.times }, () => size.rows).flat();
    const waiting = prepare(world, rows);
    let ended = 0;
    const walk = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { row, itemId } = next;
        expectCalledOff(row, await new CalledOffItem(world, row, itemId).walk(), nameOf(row));
        ended += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, walk));
    expect(ended, 'orders that came to their end').toBe(rows.length);
    const { offergrid, provider } = system;
    return {
      orders: ended,
      'stages and calls in hand': new Set(rows.map(({ scene }) => scene.name)).size,
      'updates sent': offergrid.control.calls().filter(({ method }) => method === 'PATCH').length,
      'work orders made': provider.control.workOrders().length,
      'work orders cancelled': provider.control.workOrders().filter(({ state }) => state === 'cancelled')
        .length,
      activations: provider.control.activations().length,
    };
  },
});

/** Webhooks, the provider's events and operators' commands, as they come in production. `within` in milliseconds. */
function overHttp(system: TestSystem, within: number, moment: () => Promise<void>): Surroundings {
  const { offergrid, provider, client } = system;
  const items = new Map<string, PlacedItem>();
  const of = (itemId: string) => items.get(itemId)!;
  const view = async (itemId: string) => (await of(itemId).shown()) as unknown as OrderView;
  /** An item that was placed just now is not known yet. */
  const taken = (what: string, send: () => Promise<{ status: number }>) =>
    eventually(what, async () => [200, 202, 409].includes((await send()).status), { within });
  return {
    offergrid,
    provider,
    view,
    place: (itemId, { incomplete, offerId, street }) => {
      const customerInfo = incomplete === true ? { email: 'unusable', phone: 'none' } : undefined;
      const order = {
        ...(customerInfo === undefined ? {} : { customerInfo }),
        ...(offerId === undefined ? {} : { items: [{ offerId }] }),
        ...(street === undefined ? {} : { serviceAddress: { street } }),
      };
      items.set(itemId, placeAs(system, itemId, order));
      return Promise.resolve();
    },
    report: async (itemId, { id, type, time, data }) =>
      void (await taken(type, () => of(itemId).report(type, data, { id: `${itemId}-${id}`, time }))),
    ended: (itemId) => client.workflow.getHandle(fulfillmentWorkflowId(itemId)).result(),
    callOff: async (itemId, source) => {
      await moment();
      const item = of(itemId);
      const customer = { reason: 'No need', requestedBy: 'customer' };
      if (source === 'platform') item.cancelledByReseller();
      else if (source === 'customer')
        await taken('the event', () => item.report('order.cancelled', customer, { id: `${itemId}-cancel` }));
      else await taken('the command', () => item.command('cancel', { reason: 'No crew' }));
    },
  };
}
