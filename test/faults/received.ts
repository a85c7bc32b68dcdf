import { expect } from 'vitest';
import type { Call } from '../../sandbox/http/call-log.js';
import type { ReceivedNotification } from '../../sandbox/system/notification-sink.js';
import type { System } from '../../sandbox/system/start-system.js';
import type { Kind } from './kinds-of-orders.js';

/** What the outside world got of each item, by item id; made once, since it copies everything. */
export interface Received {
  updates: Map<string, Call[]>;
  workOrders: Map<string, { state: string }[]>;
  contacts: Map<string, object[]>;
  activations: Map<string, object[]>;
  notices: Map<string, ReceivedNotification[]>;
}

export function receivedBy({ offergrid, provider, notifications }: System): Received {
  const updates = offergrid.control.calls().filter(({ method }) => method === 'PATCH');
  const office = provider.control;
  const itemIdOf = ({ itemId }: { itemId: string }) => itemId;
  return {
    updates: grouped(updates, ({ path }) => path.split('/')[3] ?? ''),
    workOrders: grouped(office.workOrders(), itemIdOf),
    contacts: grouped(office.contacts(), itemIdOf),
    activations: grouped(office.activations(), itemIdOf),
    notices: grouped(notifications.received(), ({ data }) => String(data['itemId'])),
  };
}

/** Everything that is to come of an order of this kind came, once, and nothing else did. */
export function expectOnce({ kind, itemId }: { kind: Kind; itemId: string }, received: Received): void {
  const { name } = kind;
  const of = <T>(what: Map<string, T[]>): T[] => what.get(itemId) ?? [];
  const workOrders = of(received.workOrders);
  expect(workOrders.length, `${name}: work orders made for one item`).toBe(kind.workOrder === 'none' ? 0 : 1);
  expect(workOrders[0]?.state ?? 'none', `${name}: its work order`).toBe(kind.workOrder);
  expect(of(received.activations).length, `${name}: activations of one item`).toBe(kind.activated ? 1 : 0);
  const contacts = of(received.contacts).length;
  // Of an order that is over, by the time its call is made again, nobody need be called any more.
  expect(contacts, `${name}: contacts`).toBeLessThanOrEqual(kind.workOrder === 'none' ? 0 : 1);

  const sent = of(received.updates);
  const taken = sent.filter(({ applied }) => applied).map(({ body }) => (body as { status: string }).status);
  expect(taken, `${name}: updates that the platform took`).toEqual(kind.updates);
  const refused = sent.filter(({ status }) => status !== null && status >= 300);
  expect(refused, `${name}: updates that the platform refused`).toEqual([]);

  const notices = grouped(of(received.notices), ({ id }) => id);
  for (const [first, ...repeats] of notices.values())
    for (const repeat of repeats)
      expect(contentOf(repeat), `${name}: a notification's repeat`).toEqual(first && contentOf(first));
  const told = [...notices.values()].map(([first]) => first?.type);
  expect(told.sort(), `${name}: notifications`).toEqual([...kind.told].sort());
}

const contentOf = ({ type, timestamp, data }: ReceivedNotification) => ({ type, timestamp, data });

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}
