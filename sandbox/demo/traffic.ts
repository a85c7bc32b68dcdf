import { setTimeout as sleep } from 'node:timers/promises';
import { startCrew } from '../crew/crew.js';
import type { System } from '../system/start-system.js';
import { intervene, offerName, type Cast } from './interventions.js';
import { startLiveLines } from './live-lines.js';
import { createProductApi } from './product-api.js';
import { createReseller } from './reseller.js';
import { scenes, type Scene } from './scenes.js';
import { startWatch } from './watch.js';

/** An order costs some six calls: far below the platform's limit of 100 a minute. */
const BETWEEN_ORDERS_MS = 20_000;
const CREW_PACE_MS = 3_000;
/** Orders that wait for a person are left to whoever looks; so many are enough to look at. */
const MOST_WAITING = 3;

/** Places an order every twenty seconds, of all kinds in turn, and shows what happens to each; until aborted. */
export async function runTraffic(system: System, over: AbortSignal): Promise<void> {
  const api = createProductApi(system.apiUrl, system.keys.admin);
  const lines = startLiveLines((at) => new Date(at).toLocaleTimeString('en-GB'));
  const watch = startWatch(system, api, lines);
  const silent = new Set<string>();
  const crew = startCrew({
    ...{ apiUrl: system.apiUrl, apiKey: system.keys.admin, provider: system.provider, pace: CREW_PACE_MS },
    script: ({ itemId }) => (silent.has(itemId) ? 'silent' : 'standard'),
  });
  const reseller = createReseller(system.offergrid.url, system.keys.reseller);
  const cast: Cast = { system, api, reseller, crew, lines, watch, over };

  const run = async (scene: Scene, name: string) => {
    const { orderId, itemId } = await reseller.place(scene.order);
    if (scene.crew === 'silent') silent.add(itemId);
    watch.add({ scene: name, itemId });
    lines.say(Date.now(), name, 'reseller', `orders ${offerName(scene, system)} (${itemId})`);
    if (scene.intervention.kind !== 'approved late') await intervene(scene, orderId, itemId, cast);
  };
  try {
    for (let turn = 0; !over.aborted; turn += 1) {
      const scene = scenes[turn % scenes.length];
      if (scene === undefined) throw new Error('there are no scenes');
      const name = nameOf(scene);
      if (watch.waiting(name) < MOST_WAITING) {
        // Whoever tries things in the sandbox may get in an order's way; the next one is placed anyway.
        run(scene, name).catch((error: unknown) => lines.say(Date.now(), name, 'reseller', String(error)));
      }
      await sleep(BETWEEN_ORDERS_MS, undefined, { signal: over }).catch(() => undefined);
    }
  } finally {
    await crew.close();
    await watch.stop();
    lines.flush();
  }
}

/** With a day for the answer, what is late in the demo is only incomplete here. */
const nameOf = ({ name, intervention }: Scene): string =>
  intervention.kind === 'approved late' ? 'no ZIP code' : name;
