import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished } from 'vitest';
import { createPool } from '../../db/pool.js';
import { startProcess } from '../../sandbox/stack/child-process.js';
import { freePort } from '../../sandbox/stack/free-port.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { startOutageProxy, type Moment, type OutageProxy } from '../api/outage-proxy.js';
import { eventually } from '../support/eventually.js';
import { systemForTest, type TestSystem } from '../support/test-system.js';
import { experiment } from './experiment.js';
import { IntakeLoad } from './intake-load.js';
import { visitReports } from './visit-reports.js';

const INSTALLED = ['pending', 'accepted', 'scheduled', 'in_progress', 'active'];
/** Orders under way at a time. */
const AT_ONCE = 4;
/** The least that a call to Temporal or its answer takes; what keeps the connection is shorter. */
const CALL_BYTES = 60;

const says = (what: string) => (bytes: Buffer) => bytes.includes(what);
const isCall = (bytes: Buffer) => bytes.length >= CALL_BYTES;
/** Of an order that only its webhook announces: nothing else makes up for a start that is lost. */
const PLAIN = 'item-plain-';
const isStart = (bytes: Buffer) => bytes.includes('fulfillOrderItem') && bytes.includes(PLAIN);
/** What passes between the API and what it needs, and is not seen to arrive: the API dies of it. */
const MOMENTS: { when: string; line: 'postgres' | 'temporal'; moment: Moment }[] = [
  { when: 'before start', line: 'temporal', moment: { from: 'client', matches: isStart } },
  { when: 'between start and settle', line: 'temporal', moment: { from: 'server', matches: isCall } },
  { when: 'between store and ack', line: 'postgres', moment: { from: 'server', matches: says('SELECT 1') } },
  {
    when: 'before store',
    line: 'postgres',
    moment: { from: 'client', matches: says('insert into inbox') },
  },
  {
    when: 'while settling',
    line: 'postgres',
    moment: { from: 'client', matches: says(`state = 'processed'`) },
  },
  {
    when: 'between the delivery of an event and its commit',
    line: 'postgres',
    moment: { from: 'client', matches: says('commit') },
  },
];

experiment<{ rounds: number; moments: number }>({
  name: 'API and drain SIGKILLed between store, ack, start and settle',
  passes: 'every acknowledged event is processed, once',
  small: { rounds: 1, moments: 3 },
  full: { rounds: 12, moments: MOMENTS.length },
  defect: {
    what: 'a webhook is settled before its workflow is told',
    file: 'api/settle-row.js',
    replace: 'const delivery = await deliver(task,',
    by: 'await inbox.markProcessed(row.id, null); const delivery = await deliver(task,',
    seen: /every acknowledged order to be carried out/,
  },
  run: async ({ size, programs, patience }) => {
    // What the inbox loses is not to be found some other way.
    const system = await systemForTest({ programs, policy: { reconcileEvery: '1d' } });
    const { control } = system.offergrid;
    await system.api().stop();
    const database = new URL(system.env['DATABASE_URL']!);
    const [temporalHost = '', temporalPort = ''] = inject('temporalAddress').split(':');
    const lines: Record<'postgres' | 'temporal', OutageProxy> = {
      postgres: await startOutageProxy(database.hostname, Number(database.port)),
      temporal: await startOutageProxy(temporalHost, Number(temporalPort)),
    };
    onTestFinished(() => Promise.all([lines.postgres.close(), lines.temporal.close()]).then(() => {}));
    database.host = `127.0.0.1:${lines.postgres.port}`;
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const start = () =>
      startProcess({
        ...{ name: 'api', args: [`${programs}/api/main.js`], cwd: projectRoot(), readyUrl: `${url}/healthz` },
        env: {
          ...system.env,
          DATABASE_URL: database.href,
          TEMPORAL_ADDRESS: `127.0.0.1:${lines.temporal.port}`,
          PORT: String(port),
        },
      });
    let api = await start();
    onTestFinished(async () => void (await api.stop()));

    const { webhookSecret: secret, admin: key } = system.keys;
    const load = new IntakeLoad({ urls: [url], secret, key, patience });
    /** Of each item, what the platform must have seen in the end. */
    const expected = new Map<string, string[]>();
    /**
     * One order, announced; of every other one the field reports right behind it, which would start its workflow too.
     * Everything is sent until it is acknowledged.
     */
    const fulfil = async () => {
      const visited = expected.size % 2 === 0;
      const itemId = `${visited ? 'item-visited-' : PLAIN}${randomUUID()}`;
      expected.set(itemId, visited ? INSTALLED : INSTALLED.slice(0, 2));
      const { orderId } = control.placeOrder({ itemIds: [itemId], silent: true });
      await load.untilTaken(itemId, () => load.webhook({ event: 'order.created', itemId, orderId }));
      if (!visited) return;
      for (const report of visitReports(itemId))
        await load.untilTaken(report.id, () => load.event(itemId, report));
    };
    let over = false;
    const sending = Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (!over) await fulfil();
      }),
    );

    let kills = 0;
    for (let round = 0; round < size.rounds; round += 1) {
      for (const { when, line, moment } of MOMENTS.slice(0, size.moments)) {
        await Promise.race([within(patience, lines[line].freezeAt(moment), when), sending]);
        api.kill('SIGKILL');
        expect((await api.exited).signal, 'what ended the API').toBe('SIGKILL');
        kills += 1;
        await lines[line].mend();
        api = await start();
      }
    }
    over = true;
    await sending;

    const items = [...expected.keys()];
    const unfinished = () =>
      items.filter((itemId) => control.path(itemId).at(-1) !== expected.get(itemId)!.at(-1));
    await eventually('every acknowledged order to be carried out', () => unfinished().length === 0, {
      ...{ within: patience, seen: () => unfinished().map((itemId) => control.path(itemId)) },
    });
    for (const [itemId, path] of expected) expect(control.path(itemId), itemId).toEqual(path);
    const updates = control.calls().filter(({ method }) => method === 'PATCH').length;
    const moves = [...expected.values()].reduce((sum, path) => sum + path.length - 1, 0);
    expect(updates, 'updates that the platform was sent').toBe(moves);
    const runs = new Map<string, number>();
    for await (const { workflowId, type } of system.client.workflow.list())
      if (type === 'fulfillOrderItem') runs.set(workflowId, (runs.get(workflowId) ?? 0) + 1);
    expect(
      [...runs.values()].filter((count) => count > 1),
      'items with several runs',
    ).toEqual([]);
    const inbox = await settledInbox(system, patience);
    return {
      'API killed': kills,
      'orders, every other one with three events': items.length,
      'sent again for want of an answer': load.answers.get(0) ?? 0,
      'orders carried out': items.length - unfinished().length,
      'updates sent, each once': updates,
      'rows of the inbox, all processed': inbox,
    };
  },
});

/** Nothing is left in the inbox, nothing was put aside. Resolves with how many rows it has. */
async function settledInbox({ env }: TestSystem, ms: number): Promise<number> {
  const pool = createPool(env['DATABASE_URL']!);
  try {
    const states = async () => {
      const { rows } = await pool.query<{ state: string; n: number }>(
        `select case when state = 'quarantined' then concat(event, ': ', reason) else state end as state,
                count(*)::int as n
           from inbox group by 1`,
      );
      return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
    };
    const unsettled = async () => ((await states())['received'] ?? 0) > 0;
    await eventually('the inbox to be settled', async () => !(await unsettled()), {
      ...{ within: ms, seen: states },
    });
    const { processed = 0, ...others } = await states();
    expect(others, 'rows of the inbox that are not processed').toEqual({});
    return processed;
  } finally {
    await pool.end();
  }
}

async function within(ms: number, work: Promise<void>, what: string): Promise<void> {
  let come = false;
  void work.then(() => (come = true));
  await eventually(`the moment ${what}`, () => come, { within: ms });
}
