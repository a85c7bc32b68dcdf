import type { CreateOrder } from './create-order.js';
import type { OfferShelf } from './offers.js';
import { type Moved, type Order, type OrderBook } from './order-book.js';
import type { OrderItem, StatusUpdate } from './order-item.js';
import { orderCancelled, orderCreated, resellerEvents } from './webhook-envelope.js';
import type { WebhookSender } from './webhook-sender.js';

/** The answer of `POST /reseller/orders`. */
export interface PlacedOrder {
  orderId: string;
  items: { itemId: string; offerId: string; status: 'pending' }[];
  createdAt: string;
}

type Loose<T> = { [K in keyof T]?: T[K] | null | undefined };

/** An order as it is put into the book; unlike the platform's own checks this lets loose data through. */
export interface OrderToPlace extends Pick<CreateOrder, 'items' | 'notes' | 'metadata'> {
  customerInfo: Loose<CreateOrder['customerInfo']>;
  serviceAddress: Loose<CreateOrder['serviceAddress']>;
  orderId?: string | undefined;
  itemIds?: string[] | undefined;
  createdAt?: string | undefined;
  /** No webhook. */
  silent?: boolean | undefined;
}

/** What the routes and the control share: the book, the offers, and who is told of what. */
export class Platform {
  constructor(
    readonly book: OrderBook,
    readonly shelf: OfferShelf,
    private readonly toProvider: WebhookSender,
    private readonly toReseller: WebhookSender,
  ) {}

  /** Throws when an offer is unknown; whether it may be ordered is the route's to ask. */
  place(order: OrderToPlace): PlacedOrder {
    const offers = order.items.map(({ offerId }) => {
      const found = this.shelf.find(offerId);
      if (found === undefined) throw new Error(`no offer ${offerId}`);
      return { id: found.id, name: found.name };
    });
    const { customerInfo, serviceAddress, orderId, itemIds, createdAt } = order;
    const added = this.book.add({
      ...{ offers, orderId, itemIds, createdAt },
      ...{ customerInfo: withoutNulls(customerInfo), serviceAddress: withoutNulls(serviceAddress) },
      ...{ notes: order.notes ?? null, metadata: order.metadata ?? null },
    });
    const items = this.book.itemsOf(added.orderId);
    if (order.silent !== true) for (const item of items) this.toProvider.tell(orderCreated(item));
    return {
      orderId: added.orderId,
      items: items.map((item) => ({ itemId: item.id, offerId: item.offerId, status: 'pending' })),
      createdAt: added.createdAt,
    };
  }

  /** A provider's PATCH. The reseller is told of a move that was made. */
  updateByProvider(item: OrderItem, update: StatusUpdate): Moved {
    const moved = this.book.moveByProvider(item, update);
    if (moved.moved) this.tellReseller(item, moved.from, update);
    return moved;
  }

  /** A change that needs nobody's leave; the reseller is told, the provider has no event for it. */
  set(item: OrderItem, change: Parameters<OrderBook['move']>[1]): void {
    const moved = this.book.move(item, change);
    if (moved.moved) this.tellReseller(item, moved.from, change);
  }

  /** Cancels what can still be cancelled and tells the provider; the first refusal when nothing could. */
  cancelByReseller(items: readonly OrderItem[], reason: string | undefined): Moved {
    const outcomes = items.map((item) => this.book.cancelByReseller(item, reason));
    for (const outcome of outcomes) {
      if (outcome.moved) this.toProvider.tell(orderCancelled(outcome.item, reason));
    }
    return (
      outcomes.find((outcome) => outcome.moved) ??
      outcomes[0] ?? { moved: false, message: 'Nothing to cancel' }
    );
  }

  /** An order as its reseller reads it; the order's status is that of its least advanced open item. */
  resellerView(order: Order): Record<string, unknown> {
    const items = this.book.itemsOf(order.orderId);
    const history = items.flatMap((item) =>
      this.book.transitions(item.id).map((step) => ({
        itemId: item.id,
        status: step.to,
        timestamp: step.at,
        ...(step.reason !== undefined && { notes: step.reason }),
        ...(step.providerNotes !== undefined && { providerNotes: step.providerNotes }),
        ...(step.scheduledFor !== undefined && { scheduledFor: step.scheduledFor }),
      })),
    );
    return {
      orderId: order.orderId,
      status: orderStatus(items),
      createdAt: order.createdAt,
      items: items.map((item) => ({
        ...{ itemId: item.id, offerId: item.offerId, offerName: item.offerName, status: item.status },
        ...{
          providerNotes: item.providerNotes,
          scheduledFor: item.scheduledFor,
          metadata: item.providerMetadata,
        },
      })),
      customerInfo: items[0]?.customerInfo,
      serviceAddress: items[0]?.serviceAddress,
      history,
    };
  }

  private tellReseller(item: OrderItem, from: OrderItem['status'], update: StatusUpdate): void {
    for (const told of resellerEvents(item, from, update)) this.toReseller.tell(told);
  }
}

function orderStatus(items: readonly OrderItem[]): OrderItem['status'] {
  const straight = [
    'pending',
    'submitted_to_provider',
    'accepted',
    'scheduled',
    'in_progress',
    'completed',
    'active',
  ];
  const open = items.filter((item) => straight.includes(item.status));
  const ordered = open.sort((a, b) => straight.indexOf(a.status) - straight.indexOf(b.status));
  return ordered[0]?.status ?? items[0]?.status ?? 'pending';
}

const withoutNulls = (fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));
