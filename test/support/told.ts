import type { ReceivedNotification } from '../../sandbox/system/notification-sink.js';

const ATTENTION = 'order.attention';

/** What people were told of an item, each notification once: `order.accepted`, … and `order.attention-<code>`, … */
export function toldOf(itemId: string, received: readonly ReceivedNotification[]): string[] {
  const ids = new Set(received.filter(({ data }) => data['itemId'] === itemId).map(({ id }) => id));
  return [...ids].map((id) => id.slice(itemId.length + 1).replace(/-\d+$/, ''));
}

/** What people were asked to look at, by its codes. */
export const codesIn = (told: readonly string[]): string[] =>
  told.filter((one) => one.startsWith(ATTENTION)).map((one) => one.slice(ATTENTION.length + 1));

/** The moves they were told of, by their types. */
export const movesIn = (told: readonly string[]): string[] =>
  told.filter((one) => !one.startsWith(ATTENTION));
