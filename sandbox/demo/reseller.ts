import type { CreateOrder } from '../offergrid/create-order.js';
import type { PlacedOrder } from '../offergrid/platform.js';

/** A reseller's side of the simulated platform, over HTTP as a real one would use it. */
export interface Reseller {
  /** @throws Error with the platform's answer when it does not take the order */
  place(order: CreateOrder): Promise<{ orderId: string; itemId: string }>;
  /** @throws Error with the platform's answer when it does not cancel */
  cancel(orderId: string, reason: string): Promise<void>;
}

const TIMEOUT_MS = 10_000;

export function createReseller(platformUrl: string, apiKey: string): Reseller {
  const call = async (method: string, path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${platformUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    async place(order) {
      const { orderId, items } = (await call('POST', '/reseller/orders', order)) as PlacedOrder;
      const [item] = items;
      if (item === undefined) throw new Error(`order ${orderId} has no items`);
      return { orderId, itemId: item.itemId };
    },
    async cancel(orderId, reason) {
      await call('PATCH', `/reseller/orders/${encodeURIComponent(orderId)}/cancel`, { reason });
    },
  };
}
