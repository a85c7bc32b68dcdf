import { z } from 'zod';

/** The ten statuses of the platform's documentation. */
export const itemStatus = z.enum([
  'pending',
  'submitted_to_provider',
  'accepted',
  'rejected',
  'scheduled',
  'in_progress',
  'completed',
  'active',
  'cancelled',
  'failed',
]);
export type ItemStatus = z.infer<typeof itemStatus>;

/** Who moved an item: its provider, its reseller, the platform itself, or someone on the dashboard. */
export type Mover = 'provider' | 'reseller' | 'platform' | 'dashboard';

/** An order item as `GET /provider/orders/{itemId}` shows it. `metadata` is the reseller's. */
export interface OrderItem {
  id: string;
  orderId: string;
  offerId: string;
  offerName: string;
  status: ItemStatus;
  createdAt: string;
  customerInfo: Record<string, unknown>;
  serviceAddress: Record<string, unknown>;
  notes: string | null;
  metadata: Record<string, unknown> | null;
  providerNotes: string | null;
  scheduledFor: string | null;
  providerMetadata: Record<string, unknown> | null;
}

/** One step of an item; `from` is null for its creation. The rest is as the mover sent it. */
export interface Transition {
  at: string;
  from: ItemStatus | null;
  to: ItemStatus;
  by: Mover;
  scheduledFor?: string | undefined;
  providerNotes?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  reason?: string | undefined;
}

/** Body of `PATCH /provider/orders/{itemId}/status`; keys the documentation does not know are ignored. */
export const statusUpdate = z.object({
  status: itemStatus,
  providerNotes: z.string().optional(),
  scheduledFor: z.iso.datetime({ offset: true }).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
export type StatusUpdate = z.infer<typeof statusUpdate>;

/** The moves a provider may make: the ones the documentation draws, and no other. */
export const providerMoves: Record<ItemStatus, readonly ItemStatus[]> = {
  pending: ['submitted_to_provider', 'accepted', 'rejected'],
  submitted_to_provider: ['accepted', 'rejected'],
  accepted: ['scheduled', 'active', 'cancelled'],
  scheduled: ['in_progress', 'cancelled'],
  in_progress: ['completed', 'active', 'failed', 'cancelled'],
  completed: ['active'],
  active: [],
  rejected: [],
  cancelled: [],
  failed: [],
};

/** Where a reseller may still cancel: the documentation's widest reading, so that it can happen at any time. */
export const resellerMayCancel: ReadonlySet<ItemStatus> = new Set([
  'pending',
  'submitted_to_provider',
  'accepted',
  'scheduled',
  'in_progress',
]);
