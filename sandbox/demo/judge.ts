import { isDeepStrictEqual } from 'node:util';
import type { ItemStatus } from '../offergrid/order-item.js';
import type { System } from '../system/start-system.js';
import type { OrderAnswer } from './product-api.js';
import type { Scene } from './scenes.js';

/** How an order ended, and everything about it that is not as it should be. */
export interface Verdict {
  scene: string;
  itemId: string;
  path: ItemStatus[];
  /** Milliseconds from the order to the answer, both as Offergrid saw them; null without an answer. */
  answeredAfter: number | null;
  sla: string | null;
  /** Empty when all is as expected. */
  differences: string[];
}

/** The notification that belongs to each move. */
const ANNOUNCED: Partial<Record<ItemStatus, string>> = {
  accepted: 'order.accepted',
  rejected: 'order.rejected',
  scheduled: 'order.scheduled',
  in_progress: 'order.started',
  completed: 'order.completed',
  active: 'order.active',
  cancelled: 'order.cancelled',
  failed: 'order.failed',
};

/** Compares what every side saw of an order with what the scene expects. `answer` is the product's own view. */
export function judge(
  scene: Scene,
  itemId: string,
  system: System,
  answer: OrderAnswer | undefined,
): Verdict {
  const { control } = system.offergrid;
  const { expected } = scene;
  const path = control.path(itemId);
  const differences: string[] = [];
  const compare = (what: string, wanted: unknown, seen: unknown) => {
    if (!isDeepStrictEqual(seen, wanted))
      differences.push(`${what}: expected ${shown(wanted)}, saw ${shown(seen)}`);
  };

  compare('path', expected.path, path);
  const sla = answer?.sla?.state ?? null;
  compare('SLA', expected.sla, sla);
  compare('outcome', expected.path.at(-1), answer?.outcome ?? null);
  compare('updates sent to Offergrid', movesByProvider(scene), updatesSent(itemId, system));

  const { workOrders, contacts, activations } = workAtProvider(itemId, system);
  compare('work orders', expected.workOrders, workOrders);
  compare('customer contacts', expected.contacts, contacts);
  compare('activations', expected.activations, activations);

  const notified = notifications(itemId, system);
  const moves = expected.path.flatMap((status) => ANNOUNCED[status] ?? []);
  compare('notifications', moves, notified.types('order.', 'order.attention'));
  if (expected.alarms !== undefined) {
    compare('alarms', expected.alarms, notified.types('sla.'));
    compare('a person asked', true, notified.types('order.attention').length > 0);
  }
  compare('notifications with a wrong signature', 0, notified.unsigned);
  compare('notifications that say they are of a test', isTest(scene), notified.ofTest);

  return { scene: scene.name, itemId, path, answeredAfter: answeredAfter(itemId, system), sla, differences };
}

/** The moves that are ours to tell; a reseller's cancellation is not. */
function movesByProvider({ expected, intervention }: Scene): ItemStatus[] {
  const moves = expected.path.slice(1);
  return intervention.kind === 'reseller cancels' ? moves.filter((move) => move !== 'cancelled') : moves;
}

/** Every `PATCH …/status`, repeats and refused ones included. */
function updatesSent(itemId: string, { offergrid }: System): unknown[] {
  return offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path === `/provider/orders/${itemId}/status`)
    .map(({ body }) => (body as { status?: unknown }).status);
}

function workAtProvider(itemId: string, { provider }: System) {
  const ofItem = (one: { itemId: string }) => one.itemId === itemId;
  const made = provider.control.workOrders().filter(ofItem);
  const [first, ...more] = made.map(({ state }) => (state === 'cancelled' ? 'made and cancelled' : 'made'));
  return {
    workOrders: more.length > 0 ? `${made.length} of them` : (first ?? 'none'),
    contacts: provider.control.contacts().filter(ofItem).length,
    activations: provider.control.activations().filter(ofItem).length,
  };
}

function notifications(itemId: string, system: System) {
  const received = system.notifications.received().filter(({ data }) => data['itemId'] === itemId);
  // A repeat of one that was not acknowledged in time has the same id.
  const each = [...new Map(received.map((one) => [one.id, one])).values()];
  each.sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
  return {
    types: (prefix: string, except?: string) =>
      each.map(({ type }) => type).filter((type) => type.startsWith(prefix) && type !== except),
    unsigned: received.filter(({ verified }) => !verified).length,
    ofTest: each.length > 0 && each.every(({ data }) => data['testOrder'] === true),
  };
}

function answeredAfter(itemId: string, { offergrid }: System): number | null {
  const [created, ...moves] = offergrid.control.transitions(itemId);
  const answer = moves.find(({ to }) => to === 'accepted' || to === 'rejected');
  if (created === undefined || answer === undefined) return null;
  return Date.parse(answer.at) - Date.parse(created.at);
}

const isTest = ({ order }: Scene): boolean => order.metadata?.['test'] === true;

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(' → ') || 'nothing' : String(value);
}
