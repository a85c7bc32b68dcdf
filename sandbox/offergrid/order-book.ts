import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  providerMoves,
  resellerMayCancel,
  type ItemStatus,
  type Mover,
  type OrderItem,
  type StatusUpdate,
  type Transition,
} from './order-item.js';

/** An order as the simulated platform keeps it; its items are kept apart, by id. */
export interface Order {
  orderId: string;
  createdAt: string;
  itemIds: string[];
}

/** What a new order holds; the checks were made before. */
export interface NewOrder {
  offers: { id: string; name: string }[];
  itemIds?: string[] | undefined;
  orderId?: string | undefined;
  createdAt?: string | undefined;
  customerInfo: Record<string, unknown>;
  serviceAddress: Record<string, unknown>;
  notes: string | null;
  metadata: Record<string, unknown> | null;
}

export type Moved = { moved: true; item: OrderItem; from: ItemStatus } | { moved: false; message: string };

/** All orders of the simulated platform, and each item's path, in memory. */
export class OrderBook {
  private readonly orders = new Map<string, Order>();
  private readonly items = new Map<string, OrderItem>();
  private readonly steps = new Map<string, Transition[]>();

  /** Throws when an id is taken or the number of item ids is not that of the offers. */
  add(order: NewOrder): Order {
    const orderId = order.orderId ?? shortId('ord');
    const itemIds = order.itemIds ?? order.offers.map(() => shortId('item'));
    if (itemIds.length !== order.offers.length) throw new Error('one item id for each offer, please');
    const taken = itemIds.filter((id, at) => this.items.has(id) || itemIds.indexOf(id) !== at);
    if (this.orders.has(orderId)) taken.push(orderId);
    if (taken.length > 0) throw new Error(`already taken: ${taken.join(', ')}`);
    const createdAt = order.createdAt ?? new Date().toISOString();
    const added: Order = { orderId, createdAt, itemIds };
    this.orders.set(orderId, added);
    order.offers.forEach((offer, at) => {
      const { customerInfo, serviceAddress, notes, metadata } = order;
      const id = itemIds[at] ?? shortId('item');
      this.items.set(id, {
        ...{ id, orderId, offerId: offer.id, offerName: offer.name, status: 'pending', createdAt },
        ...{ customerInfo, serviceAddress, notes, metadata },
        ...{ providerNotes: null, scheduledFor: null, providerMetadata: null },
      });
      this.steps.set(id, [{ at: createdAt, from: null, to: 'pending', by: 'platform' }]);
    });
    return added;
  }

  order(orderId: string): Order | undefined {
    return this.orders.get(orderId);
  }

  allOrders(): Order[] {
    return [...this.orders.values()];
  }

  item(itemId: string): OrderItem | undefined {
    return this.items.get(itemId);
  }

  allItems(): OrderItem[] {
    return [...this.items.values()];
  }

  itemsOf(orderId: string): OrderItem[] {
    return this.allItems().filter((item) => item.orderId === orderId);
  }

  transitions(itemId: string): Transition[] {
    return this.steps.get(itemId) ?? [];
  }

  /** A provider's move, refused unless it is drawn; `scheduled` may be repeated when it says something new. */
  moveByProvider(item: OrderItem, update: StatusUpdate): Moved {
    const from = item.status;
    const drawn = providerMoves[from].includes(update.status);
    const rescheduled =
      from === 'scheduled' && update.status === 'scheduled' && saysSomethingNew(item, update);
    if (!drawn && !rescheduled) {
      return { moved: false, message: `Cannot change status from ${from} to ${update.status}` };
    }
    return this.move(item, { ...update, by: 'provider' });
  }

  /** A reseller's cancel, refused once the item is at an end. */
  cancelByReseller(item: OrderItem, reason: string | undefined): Moved {
    if (!resellerMayCancel.has(item.status)) {
      return { moved: false, message: `Cannot cancel an item that is ${item.status}` };
    }
    return this.move(item, { status: 'cancelled', by: 'reseller', reason });
  }

  /** A change that asks nobody: the platform's own or someone's on the dashboard. */
  move(item: OrderItem, change: StatusUpdate & { by: Mover; reason?: string | undefined }): Moved {
    const from = item.status;
    const { status: to, by, scheduledFor, providerNotes, metadata, reason } = change;
    item.status = to;
    if (providerNotes !== undefined) item.providerNotes = providerNotes;
    if (scheduledFor !== undefined) item.scheduledFor = scheduledFor;
    // Merge or replace is undocumented; replacing is the harder of the two on a sender that leaves keys out.
    if (metadata !== undefined) item.providerMetadata = metadata;
    const at = new Date().toISOString();
    this.steps.get(item.id)?.push({ at, from, to, by, scheduledFor, providerNotes, metadata, reason });
    return { moved: true, item, from };
  }
}

function saysSomethingNew(item: OrderItem, update: StatusUpdate): boolean {
  const { scheduledFor, providerNotes, metadata } = update;
  const otherTime =
    scheduledFor !== undefined && Date.parse(scheduledFor) !== Date.parse(item.scheduledFor ?? '');
  const otherNotes = providerNotes !== undefined && providerNotes !== item.providerNotes;
  const otherMetadata = metadata !== undefined && !isDeepStrictEqual(metadata, item.providerMetadata);
  return otherTime || otherNotes || otherMetadata;
}

/** Ids are opaque at the platform, and random so that two sandboxes never share one. */
export function shortId(kind: string): string {
  return `${kind}-${randomBytes(5).toString('hex')}`;
}
