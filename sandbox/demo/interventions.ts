import { setTimeout as sleep } from 'node:timers/promises';
import type { Crew } from '../crew/crew.js';
import type { System } from '../system/start-system.js';
import type { LiveLines } from './live-lines.js';
import type { ProductApi } from './product-api.js';
import type { Reseller } from './reseller.js';
import type { Scene } from './scenes.js';
import type { Watch } from './watch.js';

const LOOK_EVERY_MS = 100;
/** An order that is over and not as expected gets so long for its last messages to arrive. */
const SETTLING_MS = 10_000;

/** Everybody the scenes need on stage. */
export interface Cast {
  system: System;
  api: ProductApi;
  reseller: Reseller;
  crew: Crew;
  lines: LiveLines;
  watch: Watch;
  /** Aborts when the time is up or somebody wants to stop. */
  over: AbortSignal;
}

/** Does what the scene has people do, each at its moment. @throws Error when it is not let */
export async function intervene(scene: Scene, orderId: string, itemId: string, cast: Cast): Promise<void> {
  const { intervention } = scene;
  const { system, crew, lines, over, api, reseller } = cast;
  /** False when the moment did not come: the order ended, or the time is over. */
  const come = async (moment: () => boolean) => {
    await until(() => moment() || hasSettled(itemId, cast), over);
    return moment();
  };
  const hasWorkOrder = () => system.provider.control.workOrders().some((one) => one.itemId === itemId);
  const say = (who: 'reseller' | 'crew', text: string) => lines.say(Date.now(), scene.name, who, text);
  switch (intervention.kind) {
    case 'none':
      return;
    case 'reseller cancels':
      if (!(await come(hasWorkOrder))) return;
      say('reseller', `cancels: ${intervention.reason}`);
      return await reseller.cancel(orderId, intervention.reason);
    case 'customer cancels': {
      if (!(await come(hasWorkOrder))) return;
      say('crew', 'passes on that the customer cancels');
      const { reason } = intervention;
      await crew.send(itemId, { type: 'order.cancelled', data: { reason, requestedBy: 'customer' } });
      return;
    }
    case 'approved late': {
      const alarmed = () =>
        system.notifications
          .received()
          .some(({ type, data }) => type === 'sla.breached' && data['itemId'] === itemId);
      if (!(await come(alarmed))) return;
      return await api.command(itemId, { command: 'approve', note: intervention.note });
    }
    default:
      return intervention satisfies never;
  }
}

/** Whether the product called the item done a while ago: what is not right by then will not become so. */
export function hasSettled(itemId: string, { watch, system }: Cast): boolean {
  if (watch.latest(itemId)?.stage !== 'done') return false;
  const last = system.offergrid.control.transitions(itemId).at(-1);
  return last !== undefined && Date.now() - Date.parse(last.at) > SETTLING_MS;
}

/** Polls; false when it was over first. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  over: AbortSignal,
): Promise<boolean> {
  while (!over.aborted) {
    if (await condition()) return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}

/** What is ordered, as the platform shows it to resellers. */
export function offerName({ order }: Scene, { offergrid }: System): string {
  const offers = offergrid.control.offers();
  return order.items
    .map(({ offerId }) => offers.find(({ id }) => id === offerId)?.name ?? offerId)
    .join(', ');
}
