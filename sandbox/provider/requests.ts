import { z } from 'zod';

// Addresses and customers come from resellers, who send anything; a real system in front of a CRM takes it.
const address = z.record(z.string(), z.unknown());
const customer = z.record(z.string(), z.unknown());
const offer = z.looseObject({
  id: z.string(),
  name: z.string(),
  category: z.string(),
  sku: z.string().nullable().optional(),
});

/** Body of `POST /serviceability`. */
export const serviceabilityQuery = z.looseObject({
  itemId: z.string(),
  offerId: z.string(),
  offerName: z.string(),
  category: z.string(),
  serviceAddress: address,
  unitNumber: z.string().optional(),
});
export type ServiceabilityQuery = z.infer<typeof serviceabilityQuery>;

/** Body of `POST /customer-contacts`. */
export const customerContact = z.looseObject({
  itemId: z.string(),
  customerInfo: customer,
  contactBy: z.iso.datetime({ offset: true }),
  purpose: z.literal('schedule_installation'),
});
export type CustomerContact = z.infer<typeof customerContact>;

/** Body of `POST /work-orders`. */
export const workOrderRequest = z.looseObject({
  itemId: z.string(),
  orderId: z.string(),
  offer,
  customerInfo: customer,
  serviceAddress: address,
  unitNumber: z.string().optional(),
  notes: z.string().nullable().optional(),
  requestedFor: z.string().optional(),
});
export type WorkOrderRequest = z.infer<typeof workOrderRequest>;

/** Body of `POST /work-orders/{id}/cancel`. */
export const workOrderCancel = z.looseObject({ reason: z.string() });

/** Body of `POST /activations`. */
export const activationRequest = z.looseObject({
  itemId: z.string(),
  orderId: z.string(),
  offer,
  customerInfo: customer,
  serviceAddress: address,
});
export type ActivationRequest = z.infer<typeof activationRequest>;

/** One product of the provider's own catalogue. */
export const product = z.looseObject({
  sku: z.string(),
  productName: z.string(),
  type: z.string(),
  price: z.number().nullable(),
  isActive: z.boolean(),
  description: z.string().nullable().optional(),
  details: z.record(z.string(), z.unknown()).nullable().optional(),
});
export type Product = z.infer<typeof product>;
