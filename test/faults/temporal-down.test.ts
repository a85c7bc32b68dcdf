import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { eventually } from '../support/eventually.js';
import { systemOnKeptTemporal } from '../support/kept-temporal.js';
import { experiment } from './experiment.js';
import { atOnce, IntakeLoad } from './intake-load.js';
import { visitReports } from './visit-reports.js';

const VISITED = ['pending', 'accepted', 'scheduled', 'in_progress', 'active'];

/** `seconds` of outage stand for ten minutes; `open` items are being installed meanwhile, `fresh` ones are ordered. */
experiment<{ seconds: number; open: number; fresh: number }>({
  name: 'Temporal down ten minutes under load (scaled)',
  passes: 'all intake acknowledged, all processed after',
  small: { seconds: 3, open: 3, fresh: 9 },
  full: { seconds: 60, open: 100, fresh: 400 },
  defect: {
    what: "the provider's events are refused while Temporal is away",
    file: 'api/accept-event.js',
    replace: 'return false;\n        }\n        finally',
    by: 'throw error;\n        }\n        finally',
    seen: /answers while Temporal was away/,
  },
  run: async ({ size, programs, patience }) => {
    const system = await systemOnKeptTemporal({
      programs,
      // What the inbox does not deliver is not to be found some other way.
      policy: { reconcileEvery: '1d' },
    });
    const { control } = system.offergrid;
    const { webhookSecret: secret, admin: key } = system.keys;
    const load = new IntakeLoad({ urls: [system.apiUrl], secret, key, patience });
    const announce = async (itemId: string) => {
      const { orderId } = control.placeOrder({ itemIds: [itemId], silent: true });
      await load.untilTaken(itemId, () => load.webhook({ event: 'order.created', itemId, orderId }));
    };
    const newIds = (count: number) => Array.from({ length: count }, () => `item-${randomUUID()}`);
    const are = async (what: string, itemIds: string[], path: string[]) => {
      const there = () => itemIds.filter((id) => control.path(id).join() === path.join());
      await eventually(`${itemIds.length} items to be ${what}`, () => there().length === itemIds.length, {
        ...{ within: patience, seen: () => itemIds.map((id) => control.path(id).at(-1)) },
      });
      return there().length;
    };

    const open = newIds(size.open);
    await atOnce(20, open, announce);
    await are('accepted', open, VISITED.slice(0, 2));

    // What is in hand at that moment would only wait for its time limit.
    await eventually('all work orders to be on record', async () => {
      const answer = await fetch(`${system.apiUrl}/v1/orders?stage=scheduling&limit=200`, {
        headers: { authorization: `Bearer ${key}` },
      });
      const { items } = (await answer.json()) as { items: { workOrderId: string | null }[] };
      return items.filter(({ workOrderId }) => workOrderId !== null).length === size.open;
    });
    await system.stopTemporal();
    const away = performance.now();
    load.answers.clear();
    load.latencies.length = 0;
    const fresh = newIds(size.fresh);
    const pace = (size.seconds * 1_000) / Math.max(size.fresh, size.open * 3);
    const paced = async (count: number, send: (at: number) => Promise<void>) => {
      const sent: Promise<void>[] = [];
      for (let at = 0; at < count; at += 1) {
        sent.push(send(at));
        await wait(pace);
      }
      await Promise.all(sent);
    };
    await Promise.all([
      paced(fresh.length, (at) => announce(fresh[at]!)),
      paced(open.length, async (at) => {
        for (const report of visitReports(open[at]!))
          await load.untilTaken(report.id, () => load.event(open[at]!, report));
      }),
    ]);
    const answers = Object.fromEntries(load.answers);
    expect(answers, 'answers while Temporal was away').toEqual({ 200: size.fresh, 202: size.open * 3 });
    const slowest = load.within(1);
    await wait(Math.max(0, size.seconds * 1_000 - (performance.now() - away)));
    const seconds = Math.round((performance.now() - away) / 1_000);

    await system.restartTemporal();
    const back = performance.now();
    const installed = await are('installed', open, VISITED);
    const accepted = await are('accepted', fresh, VISITED.slice(0, 2));
    const caughtUp = Math.round((performance.now() - back) / 1_000);
    const updates = control.calls().filter(({ method }) => method === 'PATCH').length;
    expect(updates, 'updates that the platform was sent').toBe(size.open * 4 + size.fresh);
    return {
      'seconds without Temporal': seconds,
      'webhooks, all acknowledged': answers[200]!,
      'events of the provider, all accepted': answers[202]!,
      'ms until the slowest answer': slowest,
      'items all as they should be': installed + accepted,
      'seconds to catch up': caughtUp,
      'updates sent, each once': updates,
    };
  },
});
