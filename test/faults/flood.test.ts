import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, inject, onTestFinished } from 'vitest';
import { createPool } from '../../db/pool.js';
import { usePostgres } from '../../sandbox/stack/postgres.js';
import { ADMIN_KEY, SECRET } from '../api/harness.js';
import { eventually } from '../support/eventually.js';
import { experiment } from './experiment.js';
import { atOnce, IntakeLoad } from './intake-load.js';
import { startIntakeStand } from './intake-stand.js';

/** Deliveries that the platform has under way at a time. */
const AT_ONCE = 100;
/** So much more than before the flood a process may have grown at its highest, in MiB: its heap's normal slack. */
const MOST_GROWTH = 200;
const LOOK_EVERY_MS = 100;

/** `within`: milliseconds for 99 of 100 acknowledgements. Small, the machine is busy with other tests at the same time. */
experiment<{ webhooks: number; within: number }>({
  name: 'a flood of webhooks',
  passes: 'no loss, acknowledged in less than 1 s at the 99th percentile, memory bounded, all drained',
  small: { webhooks: 300, within: 5_000 },
  full: { webhooks: 10_000, within: 1_000 },
  defect: {
    what: 'two orders of the same second count as one event',
    file: 'integrations/offergrid/webhook.js',
    replace: '[event, subject, timestamp]',
    by: '[event, timestamp]',
    seen: /webhooks in the inbox/,
  },
  run: async ({ size, programs, patience }) => {
    const postgres = usePostgres(inject('postgresUrl'));
    const databaseUrl = await postgres.createDatabase();
    onTestFinished(() => postgres.dropDatabase(databaseUrl));
    const stand = await startIntakeStand(programs, databaseUrl);
    const pool = createPool(databaseUrl);
    onTestFinished(() => pool.end());
    const { url, process } = await stand.startApi();
    const load = new IntakeLoad({ urls: [url], secret: SECRET, key: ADMIN_KEY, patience });
    const counted = async (where: string) => {
      const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from inbox where ${where}`);
      return rows[0]!.n;
    };

    const before = await residentMib(process.pid);
    let highest = before;
    const watching = setInterval(
      () => void residentMib(process.pid).then((now) => (highest = Math.max(highest, now))),
      LOOK_EVERY_MS,
    );
    onTestFinished(() => clearInterval(watching));

    const items = Array.from({ length: size.webhooks }, () => `item-${randomUUID()}`);
    const began = performance.now();
    await atOnce(AT_ONCE, items, async (itemId) => {
      const timestamp = '2025-01-02T10:00:00Z';
      await load.webhook({ event: 'order.created', itemId, orderId: `ord-${itemId}`, timestamp });
    });
    const taken = performance.now();
    expect([...load.answers], 'answers to webhooks').toEqual([[200, size.webhooks]]);
    expect(await counted('true'), 'webhooks in the inbox').toBe(size.webhooks);
    expect(load.within(0.99), 'ms until an acknowledgement').toBeLessThan(size.within);

    const drained = async () => (await counted(`state = 'processed'`)) === size.webhooks;
    await eventually('the inbox to be drained', drained, {
      within: patience,
      seen: () => counted(`state <> 'processed'`),
    });
    const over = performance.now();
    const withWorkflow = await eventually('every item to have its workflow', async () => {
      const started = await stand.startedItems();
      return started.size === size.webhooks && items.every((itemId) => started.has(itemId)) && started.size;
    });
    clearInterval(watching);
    const after = await residentMib(process.pid);
    expect(highest - before, 'MiB that the process grew by').toBeLessThan(MOST_GROWTH);
    const perSecond = (since: number, until: number) => Math.round((1_000 * size.webhooks) / (until - since));
    return {
      webhooks: await counted('true'),
      'at once': AT_ONCE,
      'acknowledged per second': perSecond(began, taken),
      'drained per second': perSecond(began, over),
      'ms p50': load.within(0.5),
      'ms p99': load.within(0.99),
      'ms at most': load.within(1),
      'MiB before, at most, after': `${before}, ${highest}, ${after}`,
      'items with one workflow': withWorkflow,
    };
  },
});

/** What the process holds of the machine's memory. */
async function residentMib(pid: number): Promise<number> {
  const kib = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1_024);
}
