import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { createPool } from '../../db/pool.js';
import { startPostgres } from '../../sandbox/stack/postgres.js';
import { startOutageProxy, type Moment } from '../api/outage-proxy.js';
import { ADMIN_KEY, SECRET } from '../api/harness.js';
import { eventually } from '../support/eventually.js';
import { experiment } from './experiment.js';
import { IntakeLoad } from './intake-load.js';
import { startIntakeStand } from './intake-stand.js';

/** Nobody listens there: with Temporal away as well there is no second place for an event. */
const NOWHERE = '127.0.0.1:1';
const SENDERS = 6;

const says = (what: string) => (bytes: Buffer) => bytes.includes(what);
/** What passes between the API and Postgres when a webhook is stored, and is not seen to arrive. */
const MOMENTS: Record<string, Moment> = {
  'before the event was written': { from: 'client', matches: says('insert into inbox') },
  // Postgres's word for a statement that is done, and committed as it has no transaction around it.
  'when it was written, before the word of it': { from: 'server', matches: says('SELECT 1') },
};

experiment<{ rounds: number }>({
  name: 'Postgres killed between verification and ack',
  passes: 'no 200 without a stored event; taken again as soon as Postgres is back',
  small: { rounds: 1 },
  full: { rounds: 25 },
  defect: {
    what: 'a webhook is acknowledged while it is being stored',
    file: 'api/receive-webhook.js',
    replace: 'if (!(await within(STORE_MS, stored)))',
    by: 'stored.catch(() => {}); if (false)',
    seen: /acknowledged and not stored/,
  },
  run: async ({ size, programs, patience }) => {
    const folder = await mkdtemp(join(tmpdir(), 'killed-postgres-'));
    // As root, Postgres runs as another user, who must get through to its data.
    await chmod(folder, 0o711);
    const dataDir = join(folder, 'data');
    let postgres = await startPostgres({ dataDir });
    onTestFinished(async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    });
    const databaseUrl = new URL(await postgres.createDatabase());
    const line = await startOutageProxy('127.0.0.1', postgres.port);
    onTestFinished(() => line.close());
    const stand = await startIntakeStand(programs, databaseUrl.href);
    const direct = databaseUrl.href;
    databaseUrl.port = String(line.port);
    const { url } = await stand.startApi({ DATABASE_URL: databaseUrl.href, TEMPORAL_ADDRESS: NOWHERE });
    const load = new IntakeLoad({ urls: [url], secret: SECRET, key: ADMIN_KEY, patience });

    /** Kills the server and all its processes, and starts it anew on the same data. */
    const killPostgres = async () => {
      const [pid = ''] = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8')).split('\n');
      const children = execFileSync('ps', ['-o', 'pid=', '--ppid', pid]).toString().split('\n');
      for (const one of [pid, ...children].map(Number).filter(Boolean)) killed(one);
      await postgres.stop();
      postgres = await startPostgres({ dataDir, preferredPort: postgres.port });
    };
    const acknowledged = new Set<string>();
    const send = async () => {
      const itemId = `item-${randomUUID()}`;
      const status = await load.webhook({ event: 'order.created', itemId, orderId: 'ord-1' });
      if (status === 200) acknowledged.add(itemId);
      return status;
    };
    const stored = async () => {
      const pool = createPool(direct);
      const { rows } = await pool.query<{ item_id: string }>('select item_id from inbox');
      await pool.end();
      return new Set(rows.map(({ item_id }) => item_id));
    };
    const lost = async () => {
      const kept = await stored();
      return [...acknowledged].filter((itemId) => !kept.has(itemId));
    };

    let kills = 0;
    for (let round = 0; round < size.rounds; round += 1) {
      for (const [when, moment] of Object.entries(MOMENTS)) {
        await load.untilTaken('a webhook', send);
        let over = false;
        const sending = Promise.all(
          Array.from({ length: SENDERS }, async () => {
            while (!over) await send();
          }),
        );
        await line.freezeAt(moment);
        await killPostgres();
        kills += 1;
        await line.mend();
        over = true;
        await sending;
        expect(await lost(), `acknowledged and not stored, Postgres killed ${when}`).toEqual([]);
      }
    }
    await eventually('a webhook to be taken again', async () => (await send()) === 200, { within: patience });
    expect(await lost(), 'acknowledged and not stored').toEqual([]);
    const statuses = [...load.answers.keys()].filter((status) => status !== 200 && status !== 503);
    expect(statuses, 'other answers than 200 and 503').toEqual([]);
    return {
      'Postgres killed': kills,
      acknowledged: acknowledged.size,
      'of them stored': acknowledged.size - (await lost()).length,
      'answered 503': load.answers.get(503) ?? 0,
    };
  },
});

/** It may have gone by itself meanwhile. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
