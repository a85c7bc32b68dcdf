import { ApplicationFailure } from '@temporalio/activity';
import type { ProviderActivities, ProviderAnswer, Serviceability } from '../domain/activities.js';
import { unitNumber, type Offer, type OrderItem } from '../domain/order-item.js';
import type { ProviderClient } from '../integrations/provider/client.js';
import { ProviderError } from '../integrations/provider/errors.js';

export interface ProviderDependencies {
  /** Undefined where no system of the provider's is connected; workflows do not ask then. */
  provider: ProviderClient | undefined;
}

/** The idempotency key of every POST is made of the item and the purpose: whoever repeats it, it is done once. */
export function createProviderActivities({ provider }: ProviderDependencies): ProviderActivities {
  const connected = (): ProviderClient => {
    if (provider === undefined) throw new Error('PROVIDER_API_URL is not set');
    return provider;
  };
  return {
    async checkServiceability({ item, offer }): Promise<Serviceability> {
      const asked = await answered(async () => {
        const request = {
          itemId: item.itemId,
          offerId: item.offerId,
          offerName: item.offerName,
          category: offer?.category ?? null,
          serviceAddress: item.serviceAddress,
          ...unit(item),
        };
        return { answer: await connected().checkServiceability(request, `${item.itemId}:serviceability`) };
      });
      if (asked.kind === 'refused') return { kind: 'unknown', reason: asked.detail };
      const { serviceable, ...why } = asked.answer;
      if (serviceable === null) return { kind: 'unknown', ...why };
      return serviceable ? { kind: 'serviceable' } : { kind: 'not_serviceable', ...why };
    },

    contactCustomer: ({ item, contactBy }) =>
      answered(async () => {
        const { itemId, customerInfo } = item;
        const request = { itemId, customerInfo, contactBy, purpose: 'schedule_installation' as const };
        await connected().contactCustomer(request, `${itemId}:contact`);
        return {};
      }),

    createWorkOrder: ({ item, offer }) =>
      answered(() =>
        connected().createWorkOrder(
          {
            itemId: item.itemId,
            orderId: item.orderId,
            offer: orderedOffer(item, offer),
            customerInfo: item.customerInfo,
            serviceAddress: item.serviceAddress,
            ...unit(item),
            ...(item.notes === null ? {} : { notes: item.notes }),
          },
          `${item.itemId}:work-order`,
        ),
      ),

    cancelWorkOrder: ({ itemId, workOrderId, reason }) =>
      answered(async () => {
        await connected().cancelWorkOrder(workOrderId, reason, `${itemId}:cancel:${workOrderId}`);
        return {};
      }),

    activate: ({ item, offer }) =>
      answered(() =>
        connected().activate(
          {
            itemId: item.itemId,
            orderId: item.orderId,
            offer: orderedOffer(item, offer),
            customerInfo: item.customerInfo,
            serviceAddress: item.serviceAddress,
          },
          `${item.itemId}:activation`,
        ),
      ),
  };
}

function orderedOffer(item: OrderItem, offer: Offer | null) {
  return {
    id: item.offerId,
    name: item.offerName ?? offer?.name ?? null,
    category: offer?.category ?? null,
    ...(offer?.sku == null ? {} : { sku: offer.sku }),
  };
}

function unit(item: OrderItem): { unitNumber?: string } {
  const number = unitNumber(item);
  return number === undefined ? {} : { unitNumber: number };
}

/** A refusal is an answer; what may pass by itself is thrown for Temporal to repeat. */
async function answered<T extends object>(call: () => Promise<T>): Promise<ProviderAnswer<T>> {
  try {
    return { kind: 'done', ...(await call()) };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (!error.retryable) return { kind: 'refused', detail: error.detail };
    throw ApplicationFailure.create({
      message: error.message,
      type: `Provider.${error.kind}`,
      ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
    });
  }
}
