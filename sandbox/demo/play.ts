import { setTimeout as sleep } from 'node:timers/promises';
import { startCrew } from '../crew/crew.js';
import type { System } from '../system/start-system.js';
import { hasSettled, intervene, offerName, until, type Cast } from './interventions.js';
import { judge, type Verdict } from './judge.js';
import { startLiveLines } from './live-lines.js';
import { createProductApi } from './product-api.js';
import { createReseller } from './reseller.js';
import { scenes, type Scene } from './scenes.js';
import { startWatch } from './watch.js';

/** For everything together, from the first order. */
const LIMIT_MS = 90_000;
const BETWEEN_ORDERS_MS = 300;
const CREW_PACE_MS = 600;

interface Played {
  scene: Scene;
  itemId: string;
  /** What somebody in the scene could not do. */
  trouble?: string;
}

/** Plays all scenes at once and judges each. Resolves within the limit. @throws the signal's reason when aborted */
export async function playScenes(system: System, signal: AbortSignal): Promise<Verdict[]> {
  const api = createProductApi(system.apiUrl, system.keys.admin);
  const lines = startLiveLines(secondsSince(Date.now()));
  const watch = startWatch(system, api, lines);
  const itemScenes = new Map<string, Scene>();
  const crew = startCrew({
    ...{ apiUrl: system.apiUrl, apiKey: system.keys.admin, provider: system.provider, pace: CREW_PACE_MS },
    script: ({ itemId }) => itemScenes.get(itemId)?.crew ?? 'silent',
  });
  const curtain = new AbortController();
  const cast: Cast = {
    ...{ system, api, crew, lines, watch },
    reseller: createReseller(system.offergrid.url, system.keys.reseller),
    over: curtain.signal,
  };
  // Not AbortSignal.any and .timeout: on Node 20 their combination can be garbage-collected before it fires.
  const fall = () => curtain.abort();
  signal.addEventListener('abort', fall, { once: true });
  const limit = setTimeout(fall, LIMIT_MS);
  const verdict = async ({ scene, itemId, trouble }: Played): Promise<Verdict> => {
    const found = judge(scene, itemId, system, await api.order(itemId));
    return trouble === undefined ? found : { ...found, differences: [trouble, ...found.differences] };
  };

  try {
    const playing: Promise<Played>[] = [];
    for (const scene of scenes) {
      const { orderId, itemId } = await cast.reseller.place(scene.order);
      itemScenes.set(itemId, scene);
      lines.say(Date.now(), scene.name, 'reseller', `orders ${offerName(scene, system)} (${itemId})`);
      watch.add({ scene: scene.name, itemId });
      playing.push(play(scene, orderId, itemId, cast));
      await sleep(BETWEEN_ORDERS_MS);
    }
    const played = await Promise.all(playing);
    signal.throwIfAborted();
    await watch.stop();
    // Once more for all: what came after an order's end counts too.
    return await Promise.all(played.map(verdict));
  } finally {
    clearTimeout(limit);
    fall();
    await crew.close();
    await watch.stop();
    lines.flush();
  }

  async function play(scene: Scene, orderId: string, itemId: string, on: Cast): Promise<Played> {
    const played: Played = { scene, itemId };
    try {
      await intervene(scene, orderId, itemId, on);
    } catch (error) {
      return { ...played, trouble: `${scene.intervention.kind}: ${String(error)}` };
    }
    await until(
      async () => (await verdict(played)).differences.length === 0 || hasSettled(itemId, on),
      on.over,
    );
    return played;
  }
}

const secondsSince = (start: number) => (at: number) =>
  `${(Math.max(0, at - start) / 1000).toFixed(1)} s`.padStart(8);
