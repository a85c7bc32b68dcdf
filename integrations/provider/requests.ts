import type { CustomerInfo, ServiceAddress } from '../../domain/order-item.js';

/** Bodies of the provider contract's calls, as they are sent. */
export interface ServiceabilityRequest {
  itemId: string;
  offerId: string | null;
  offerName: string | null;
  category: string | null;
  serviceAddress: ServiceAddress;
  unitNumber?: string;
}

export interface ContactRequest {
  itemId: string;
  customerInfo: CustomerInfo;
  /** ISO 8601: when the customer must have heard from the provider. */
  contactBy: string;
  purpose: 'schedule_installation';
}

export interface OrderedOffer {
  id: string | null;
  name: string | null;
  category: string | null;
  sku?: string;
}

export interface WorkOrderRequest {
  itemId: string;
  orderId: string;
  offer: OrderedOffer;
  customerInfo: CustomerInfo;
  serviceAddress: ServiceAddress;
  unitNumber?: string;
  notes?: string;
  /** ISO 8601. */
  requestedFor?: string;
}

export interface ActivationRequest {
  itemId: string;
  orderId: string;
  offer: OrderedOffer;
  customerInfo: CustomerInfo;
  serviceAddress: ServiceAddress;
}
