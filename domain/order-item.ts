import type { Status } from './status.js';

export interface CustomerInfo {
  fullName?: string | null;
  email?: string | null;
  phone?: string | null;
}

export interface ServiceAddress {
  street?: string | null;
  city?: string | null;
  state?: string | null;
  zipCode?: string | null;
  country?: string | null;
}

/** An order item as the platform shows it; anything but ids and status may be missing, none of it is documented. */
export interface OrderItem {
  itemId: string;
  orderId: string;
  offerId: string | null;
  offerName: string | null;
  status: Status;
  /** ISO 8601, UTC. */
  createdAt: string | null;
  customerInfo: CustomerInfo;
  serviceAddress: ServiceAddress;
  /** The appointment as the platform shows it, ISO 8601. */
  scheduledFor: string | null;
  notes: string | null;
  /** The reseller's metadata. */
  metadata: Record<string, unknown>;
}

/** What is known of an offer for review; from the offers table. */
export interface Offer {
  offerId: string;
  name: string | null;
  category: string | null;
  sku: string | null;
}

/** Resellers mark a test with boolean `true`, and only that is documented. */
export function isTestOrder(item: OrderItem): boolean {
  return item.metadata['test'] === true;
}

/** The apartment travels in the reseller's metadata, not in the address. */
export function unitNumber(item: OrderItem): string | undefined {
  const unit = item.metadata['unitNumber'];
  return typeof unit === 'string' && unit.trim() !== '' ? unit.trim() : undefined;
}
