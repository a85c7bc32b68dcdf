import type { Command } from '../../domain/command.js';
import type { OrderView } from '../../domain/order-view.js';
import { operate, state } from '../../workflows/messages.js';
import { eventually } from './eventually.js';
import type { HeardItem } from './skipped-time.js';

/** The item as its workflow has it. */
export const look = (item: HeardItem): Promise<OrderView> => item.handle.query(state);

/** What an operator says; rejects where the workflow refuses it. */
export const command = (item: HeardItem, said: Command, options: { updateId?: string } = {}) =>
  item.handle.executeUpdate(operate, { args: [{ ...said, actor: 'dana' }], ...options });

/** Looks until it is so. */
export async function until(item: HeardItem, holds: (view: OrderView) => boolean): Promise<OrderView> {
  const seeing = async () => {
    const view = await look(item);
    return holds(view) && view;
  };
  return await eventually('the expected view', seeing, { seen: () => look(item) });
}
