import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, inject, onTestFinished } from 'vitest';
import { usePostgres } from '../../sandbox/stack/postgres.js';
import { ADMIN_KEY } from '../api/harness.js';
import { eventually } from '../support/eventually.js';
import { experiment } from './experiment.js';
import { IntakeLoad, NO_ANSWER } from './intake-load.js';
import { startIntakeStand, type ApiProcess } from './intake-stand.js';

const OLD = 'the-secret-in-use-so-far';
const NEW = 'the-secret-from-now-on';
/** Between two webhooks of one sender. */
const PAUSE_MS = 10;

/** `webhooks`: so many must be acknowledged at least in each step of the rotation. */
experiment<{ senders: number; webhooks: number }>({
  name: 'secret rotated under load',
  passes: 'no 401 for a rightly signed event, every acknowledged one processed',
  small: { senders: 3, webhooks: 20 },
  full: { senders: 12, webhooks: 1_000 },
  defect: {
    what: 'only the first of two secrets is tried',
    file: 'integrations/offergrid/webhook-signature.js',
    replace: 'secrets.some(',
    by: 'secrets.slice(0, 1).some(',
    seen: /answer to a rightly signed webhook/,
  },
  run: async ({ size, programs, patience }) => {
    const postgres = usePostgres(inject('postgresUrl'));
    const databaseUrl = await postgres.createDatabase();
    onTestFinished(() => postgres.dropDatabase(databaseUrl));
    const stand = await startIntakeStand(programs, databaseUrl);
    const start = (secrets: string, port?: number) =>
      stand.startApi({ OFFERGRID_WEBHOOK_SECRET: secrets }, port);
    /** Two, so that there is always one. */
    const apis = [await start(OLD), await start(OLD)] as [ApiProcess, ApiProcess];
    const urls = apis.map(({ url }) => url);
    const load = new IntakeLoad({ urls, secret: OLD, key: ADMIN_KEY, patience });

    const acknowledged = new Set<string>();
    let over = false;
    const sent = async (itemId: string) => {
      const status = await load.webhook({ id: `evt-${itemId}`, event: 'order.created', itemId });
      expect(status, 'answer to a rightly signed webhook').not.toBe(401);
      return status;
    };
    const sending = Promise.all(
      Array.from({ length: size.senders }, async () => {
        while (!over) {
          const itemId = `item-${randomUUID()}`;
          await load.untilTaken(itemId, () => sent(itemId));
          acknowledged.add(itemId);
          await wait(PAUSE_MS);
        }
      }),
    );
    /** Fails at once when a sender does. */
    const step = async (work: () => Promise<void>) => {
      const before = acknowledged.size;
      await Promise.race([work(), sending]);
      const enough = () => acknowledged.size >= before + size.webhooks;
      const progress = eventually('acknowledgements in this step', enough, {
        ...{ within: patience, seen: () => Object.fromEntries(load.answers) },
      });
      await Promise.race([progress, sending]);
    };
    let restarts = 0;
    const restartAll = (secrets: string) => async () => {
      for (const api of apis) {
        expect((await api.process.stop()).code, 'exit code of a restarted API').toBe(0);
        Object.assign(api, await start(secrets, Number(new URL(api.url).port)));
        restarts += 1;
      }
    };
    const switchSender = () => {
      load.sign(NEW);
      return Promise.resolve();
    };
    try {
      await step(() => Promise.resolve());
      await step(restartAll(`${NEW},${OLD}`));
      await step(switchSender);
      await step(restartAll(NEW));
    } finally {
      over = true;
    }
    await sending;

    const statuses = [...load.answers.keys()].filter((status) => status !== NO_ANSWER);
    expect(statuses, 'all answers').toEqual([200]);
    const refused = load.answers.get(401) ?? 0;
    load.sign(OLD);
    expect(await load.webhook({ event: 'order.created', itemId: 'item-1' }), 'the old secret').toBe(401);
    const processed = async () => {
      const started = await stand.startedItems();
      return [...acknowledged].filter((itemId) => started.has(itemId)).length;
    };
    await eventually(
      'every acknowledged item to have its workflow',
      async () => (await processed()) === acknowledged.size,
      { within: patience, seen: processed },
    );
    return {
      acknowledged: acknowledged.size,
      'of them processed': await processed(),
      'refused with 401': refused,
      'sent again for want of an answer': load.answers.get(NO_ANSWER) ?? 0,
      'API restarts': restarts,
    };
  },
});
