import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../domain/stage.js';
import type { Status } from '../../domain/status.js';
import type { OrderOverrides } from '../../sandbox/offergrid/control.js';
import { sampleOffers } from '../../sandbox/offergrid/offers.js';
import type { System } from '../../sandbox/system/start-system.js';
import { eventually } from '../support/eventually.js';
import { sent, type EventName, type Open } from './event-table.js';
import { PlacedItem, VISIT } from './placed-item.js';

function placed(system: System, order: OrderOverrides = {}): PlacedItem {
  const itemId = `item-${randomUUID()}`;
  const { orderId } = system.offergrid.control.placeOrder({ ...order, itemIds: [itemId] });
  return new PlacedItem(system, itemId, orderId);
}

/** An offer of an instant service, in a category that no sample offer is of. */
export const INSTANT_OFFER = {
  ...sampleOffers[0]!,
  id: 'off-energy-1',
  sku: 'ENERGY',
  category: 'energy' as const,
};

/** How an accepted item comes to stand there. */
export const STAND: Record<Open, (system: System) => Promise<PlacedItem>> = {
  accepted: async (system) => {
    const item = placed(system);
    await item.hasWorkOrder();
    await item.shows({ stage: 'scheduling', offergridStatus: 'accepted' });
    return item;
  },
  'activation awaited': async (system) => {
    const item = placed(system, { items: [{ offerId: INSTANT_OFFER.id }] });
    await eventually('the activation to be asked for', () => item.providerCalls('/activations').length > 0);
    await item.shows({ stage: 'activation', offergridStatus: 'accepted' });
    return item;
  },
  scheduled: async (system) => {
    const item = await STAND.accepted(system);
    await item.reported('appointment.scheduled', VISIT);
    await item.shows({ stage: 'installation', offergridStatus: 'scheduled' });
    return item;
  },
  'visit missed': async (system) => {
    const item = await STAND.scheduled(system);
    await item.reported('appointment.missed', { by: 'technician' });
    await item.shows({ stage: 'scheduling', offergridStatus: 'scheduled' });
    return item;
  },
  'in progress': async (system) => {
    const item = await STAND.accepted(system);
    await item.reported('installation.started');
    await item.shows({ stage: 'installation', offergridStatus: 'in_progress' });
    return item;
  },
  completed: async (system) => {
    const item = await STAND.accepted(system);
    await item.reported('installation.completed');
    await item.shows({ stage: 'activation', offergridStatus: 'completed' });
    return item;
  },
};

/** Where an item can wait for its answer. */
export type Undecided = 'intake' | 'review' | 'submitted to provider' | 'availability' | 'decision';

interface Waiting {
  /** What the platform shows until then. */
  path: Status[];
  stand: (system: System) => Promise<PlacedItem>;
  goOn: (item: PlacedItem, system: System) => Promise<void>;
}

const PENDING: Status[] = ['pending'];
const INCOMPLETE: OrderOverrides = { customerInfo: { email: 'unusable', phone: 'none' } };

/** How an item comes to wait there, and how it comes to be decided. */
export const WAIT: Record<Undecided, Waiting> = {
  intake: {
    path: PENDING,
    // Announced before the platform shows it.
    stand: async (system) => {
      const item = new PlacedItem(system, `item-${randomUUID()}`, `ord-${randomUUID()}`);
      announce(system, item);
      await item.needs('drift');
      return item;
    },
    goOn: async (item, system) => {
      const { itemId, orderId } = item;
      system.offergrid.control.placeOrder({ orderId, itemIds: [itemId], silent: true });
      // It is read again by itself as well, and then there is nothing left to be repeated.
      await eventually('the item to be read', async () => {
        const { status } = await item.command('retry');
        return status === 200 || (await item.shown()).offergridStatus !== null;
      });
    },
  },
  review: waitsForApproval('manual_review', INCOMPLETE),
  'submitted to provider': {
    ...waitsForApproval('manual_review', INCOMPLETE),
    path: [...PENDING, 'submitted_to_provider'],
    // The platform has routed it by the time we hear of it.
    stand: async (system) => {
      const item = placed(system, { ...INCOMPLETE, silent: true });
      system.offergrid.control.setStatus(item.itemId, 'submitted_to_provider', { by: 'platform' });
      announce(system, item);
      await item.needs('manual_review');
      await item.shows({ offergridStatus: 'submitted_to_provider' });
      return item;
    },
  },
  availability: waitsForApproval('availability_unknown', { serviceAddress: { street: '9 Unclear Road' } }),
  decision: waitsForApproval('manual_review', { items: [{ offerId: 'off-ins-1' }] }),
};

function announce(system: System, { itemId, orderId }: PlacedItem): void {
  const timestamp = new Date().toISOString();
  system.offergrid.control.sendWebhook({ event: 'order.created', orderId, itemId, timestamp });
}

function waitsForApproval(code: string, order: OrderOverrides): Waiting {
  return {
    path: PENDING,
    stand: async (system) => {
      const item = placed(system, order);
      await item.needs(code);
      return item;
    },
    goOn: (item) => item.commanded('approve'),
  };
}

/** How an item comes to its end. */
export const ENDS: Record<Outcome, (system: System) => Promise<PlacedItem>> = {
  active: (system) => after(system, 'installation.completed, live'),
  completed: async (system) => {
    const item = placed(system, { items: [{ offerId: 'off-sec-1' }] });
    await item.reaches('pending', 'accepted');
    await item.reported('installation.completed');
    return item;
  },
  failed: (system) => after(system, 'installation.failed'),
  cancelled: (system) => after(system, 'order.cancelled, customer'),
  rejected: (system) => Promise.resolve(placed(system, { serviceAddress: { street: '9 Nowhere Lane' } })),
};

async function after(system: System, name: EventName): Promise<PlacedItem> {
  const item = await STAND.accepted(system);
  const { type, data } = sent(name);
  await item.reported(type, data);
  return item;
}
