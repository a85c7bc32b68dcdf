import { expect } from 'vitest';
import { fulfillmentWorkflowId } from '../../domain/workflow-names.js';
import type { OrderOverrides } from '../../sandbox/offergrid/control.js';
import { eventually } from '../support/eventually.js';
import type { TestSystem } from '../support/test-system.js';
import { atOnce } from './intake-load.js';
import { DUE_ANSWER, READ, UPDATE, type QueuedCall } from './queue-order.js';

/** Of the contract's 24 hours so many are over when we hear of an order whose answer is due soon. */
const HOURS_OVER = 23.25;
/** Messages under way: a hundred commands at a time would be answered 503. */
const AT_ONCE = 10;

/** Items by what they have to be called for, the most urgent first. */
export interface ByUrgency {
  /** An answer close to its deadline. */
  due: string[];
  /** An appointment that is to be told. */
  updates: string[];
  /** A new order that is to be read. */
  reads: string[];
}

export function place({ offergrid: { control } }: TestSystem, count: number, order: OrderOverrides = {}) {
  return Array.from({ length: count }, () => control.placeOrder(order).items[0]!.itemId);
}

/** So many orders that wait for a person with their deadline near, and so many that wait for their appointment. */
export function placeWaiting(
  system: TestSystem,
  count: { due: number; updates: number },
): Omit<ByUrgency, 'reads'> {
  const createdAt = new Date(Date.now() - HOURS_OVER * 3_600_000).toISOString();
  const unclear = { serviceAddress: { street: '9 Unclear Road' }, createdAt };
  return { due: place(system, count.due, unclear), updates: place(system, count.updates) };
}

/** Until they do, or it is no use any more; `within` in milliseconds. */
export async function untilWaiting(
  system: TestSystem,
  { due, updates }: Omit<ByUrgency, 'reads'>,
  within: number,
  isOver: () => boolean = () => false,
): Promise<void> {
  const asked = () => {
    const told = system.notifications.received().filter(({ type }) => type === 'order.attention');
    return new Set(told.map(({ data }) => data['itemId']));
  };
  const booked = () => new Set(system.provider.control.workOrders().map(({ itemId }) => itemId));
  const all = (items: string[], of: Set<unknown>) => items.every((itemId) => of.has(itemId));
  await eventually('people to be asked', () => isOver() || all(due, asked()), { within });
  await eventually('work orders', () => isOver() || all(updates, booked()), { within });
}

/** Has them called for, the less urgent first, so that only their priority can bring the others before them. */
export async function wantCalls(
  system: TestSystem,
  { due, updates }: Omit<ByUrgency, 'reads'>,
): Promise<void> {
  await atOnce(AT_ONCE, updates, (itemId) => appoint(system, itemId));
  await atOnce(AT_ONCE, due, (itemId) => approve(system, itemId));
}

/** Those whose call still waited when the last of what is due, and of the updates, had joined the queue; and when that was. */
export function stillWaiting(queued: QueuedCall[], wanted: ByUrgency): { since: number; waiting: ByUrgency } {
  const callsOf = (items: string[], urgent: number) => {
    const workflows = new Set(items.map(fulfillmentWorkflowId));
    return queued.filter(({ workflowId, urgency }) => urgency === urgent && workflows.has(workflowId));
  };
  const told = [...callsOf(wanted.due, DUE_ANSWER), ...callsOf(wanted.updates, UPDATE)];
  const since = Math.max(...told.map(({ scheduled }) => scheduled));
  const waiting = (items: string[], urgency: number) => {
    const late = new Set(
      callsOf(items, urgency).flatMap((call) => (call.started > since ? call.workflowId : [])),
    );
    return items.filter((itemId) => late.has(fulfillmentWorkflowId(itemId)));
  };
  return {
    since,
    waiting: {
      due: waiting(wanted.due, DUE_ANSWER),
      updates: waiting(wanted.updates, UPDATE),
      reads: waiting(wanted.reads, READ),
    },
  };
}

/** Asserts it of the calls after `since`, epoch milliseconds, which all were waiting by then, by their median turn. */
export function expectInOrder(system: TestSystem, { due, updates, reads }: ByUrgency, since: number): void {
  const late = system.offergrid.control.calls().filter(({ at }) => Date.parse(at) > since);
  // Reads of many are one list, so what comes of the new orders stands for them.
  const turnOf = (items: string[]) =>
    median(late.flatMap(({ path }, turn) => (items.some((itemId) => path.includes(itemId)) ? [turn] : [])));
  const turns = [turnOf(due), turnOf(updates), turnOf(reads)].filter((turn) => !Number.isNaN(turn));
  expect(turns.length, 'kinds of calls that were waiting').toBeGreaterThanOrEqual(2);
  const order = 'answers that were due, then other updates, then reads, by their median turn';
  expect(turns, order).toEqual([...turns].sort((a, b) => a - b));
}

const median = (turns: number[]) => turns.sort((a, b) => a - b)[Math.floor(turns.length / 2)] ?? NaN;

async function appoint(system: TestSystem, itemId: string): Promise<void> {
  const data = { scheduledFor: '2030-01-02T17:00:00Z', appointmentWindow: '9-12' };
  const event = { id: `appointment-of-${itemId}`, type: 'appointment.scheduled', data };
  expect(await post(system, `/v1/orders/${itemId}/events`, event)).toBe(202);
}

async function approve(system: TestSystem, itemId: string): Promise<void> {
  expect(await post(system, `/v1/orders/${itemId}/commands`, { command: 'approve' })).toBe(200);
}

async function post({ apiUrl, keys }: TestSystem, path: string, body: object): Promise<number> {
  const headers = { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' };
  const response = await fetch(`${apiUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.status;
}
