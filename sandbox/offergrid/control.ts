import type { Call } from '../http/call-log.js';
import type { FaultPlan, HttpFault } from '../http/fault-plan.js';
import type { CreateOrder } from './create-order.js';
import { isWebhookFault, type Fault, type WebhookFault } from './faults.js';
import type { Offer } from './offers.js';
import type { ItemStatus, Mover, OrderItem, StatusUpdate, Transition } from './order-item.js';
import type { OrderToPlace, PlacedOrder, Platform } from './platform.js';
import type { Delivery, WebhookSender, WebhookTarget } from './webhook-sender.js';

/** What may differ from the sample order. Fields of customer and address given as null are left out. */
export type OrderOverrides = { [K in keyof OrderToPlace]?: OrderToPlace[K] | undefined };

/** What is to change of a webhook's target; the rest stays. */
export type TargetChange = { [K in keyof WebhookTarget]?: WebhookTarget[K] | undefined } | null;

/** The hand that moves the simulated platform: what resellers, dashboards and bad days do. */
export interface OffergridControl {
  /** Places the sample order with overrides, a draft offer too. Throws on an unknown offer or a taken id. */
  placeOrder(overrides?: OrderOverrides): PlacedOrder;
  /** Cancels an order or one item as its reseller. Throws when unknown or at an end. */
  cancelAsReseller(orderOrItemId: string, reason?: string): void;
  /** Sets any status without asking, by the dashboard unless said otherwise. Throws on an unknown item. */
  setStatus(itemId: string, status: ItemStatus, more?: Omit<StatusUpdate, 'status'> & { by?: Mover }): void;
  /** Changes the provider's webhook; null switches it off. Throws when there is no url and secret. */
  setWebhook(change: TargetChange): void;
  /** The same for the reseller's. */
  setResellerWebhook(change: TargetChange): void;
  /** Sends a body of any shape, signed, to the provider's webhook; a string goes out as it is. */
  sendWebhook(body: unknown): void;
  /** Replaces the faults; of several that match, earlier ones win. `seed` drives probabilities and shuffles. */
  setFaults(faults: readonly Fault[], seed?: number): void;
  clearFaults(): void;
  calls(): Call[];
  items(): OrderItem[];
  offers(): Offer[];
  /** Replaces all offers, unchecked: with a SKU twice, for example, which no call would have made. */
  setOffers(offers: readonly Offer[]): void;
  /** Oldest first, beginning with the creation (`from` null). Empty for an unknown item. */
  transitions(itemId: string): Transition[];
  /** The statuses an item went through, `pending` first; a reschedule shows as `scheduled` again. */
  path(itemId: string): ItemStatus[];
  /** Every webhook attempt, oldest first. */
  deliveries(): Delivery[];
}

export const sampleOrder: CreateOrder = {
  items: [{ offerId: 'off-789-ghi' }],
  serviceAddress: {
    street: '123 Main St',
    city: 'San Francisco',
    state: 'CA',
    zipCode: '94102',
    country: 'US',
  },
  customerInfo: { fullName: 'John Doe', email: 'john@example.com', phone: '+1-555-123-4567' },
  notes: 'Customer prefers afternoon installations',
  metadata: { referralSource: 'property-listing', unitNumber: '4B', moveInDate: '2025-01-15' },
};

/** The parts the control reaches into. */
export interface ControlParts {
  platform: Platform;
  calls: Call[];
  deliveries: Delivery[];
  httpFaults: FaultPlan<HttpFault>;
  webhookFaults: FaultPlan<WebhookFault>;
  toProvider: WebhookSender;
  toReseller: WebhookSender;
}

/** Everything handed out is a copy: a caller's snapshot does not move. */
export function offergridControl(parts: ControlParts): OffergridControl {
  const { platform, httpFaults, webhookFaults, toProvider, toReseller } = parts;
  const { book } = platform;

  return {
    placeOrder(overrides = {}) {
      const customerInfo = { ...sampleOrder.customerInfo, ...overrides.customerInfo };
      const serviceAddress = { ...sampleOrder.serviceAddress, ...overrides.serviceAddress };
      const items = overrides.items ?? sampleOrder.items;
      return platform.place({ ...sampleOrder, ...overrides, items, customerInfo, serviceAddress });
    },
    cancelAsReseller(orderOrItemId, reason) {
      const item = book.item(orderOrItemId);
      const items = item === undefined ? book.itemsOf(orderOrItemId) : [item];
      const cancelled = platform.cancelByReseller(items, reason);
      if (!cancelled.moved) throw new Error(`${orderOrItemId}: ${cancelled.message}`);
    },
    setStatus(itemId, status, { by = 'dashboard', ...more } = {}) {
      const item = book.item(itemId);
      if (item === undefined) throw new Error(`no item ${itemId}`);
      platform.set(item, { ...more, status, by });
    },
    setWebhook: (change) => retarget(toProvider, change),
    setResellerWebhook: (change) => retarget(toReseller, change),
    sendWebhook(body) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      toProvider.tellRaw(text, 'raw');
    },
    setFaults(faults, seed) {
      httpFaults.set(
        faults.filter((fault): fault is HttpFault => !isWebhookFault(fault)),
        seed,
      );
      webhookFaults.set(faults.filter(isWebhookFault), seed);
    },
    clearFaults() {
      httpFaults.set([]);
      webhookFaults.set([]);
    },
    calls: () => structuredClone(parts.calls),
    items: () => structuredClone(book.allItems()),
    offers: () => structuredClone(platform.shelf.all()),
    setOffers: (offers) => platform.shelf.replace(structuredClone(offers)),
    transitions: (itemId) => structuredClone(book.transitions(itemId)),
    path: (itemId) => book.transitions(itemId).map((step) => step.to),
    deliveries: () => structuredClone(parts.deliveries),
  };
}

function retarget(sender: WebhookSender, change: TargetChange): void {
  if (change === null) {
    sender.target = null;
    return;
  }
  const { url, secret, ...rest } = { ...sender.target, ...change };
  if (url === undefined || secret === undefined) throw new Error('a webhook needs a url and a secret');
  sender.target = { ...rest, url, secret };
}
