import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { usePostgres } from '../../sandbox/stack/postgres.js';
import { startTemporal } from '../../sandbox/stack/temporal-server.js';
import { startSystem } from '../../sandbox/system/start-system.js';
import { eventually } from '../support/eventually.js';

const ORDERS = 8;
/** Milliseconds that the platform takes for an answer: enough for the server to be gone when it comes. */
const SLOW = 4_000;
/** Milliseconds, longer than a worker may be silent: its calls are given to one that may know nothing of them. */
const OUTAGE = 13_000;

test('Temporal killed while answers are with Offergrid: that they were taken cannot be reported, and none is sent twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-killed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const dbFile = join(folder, 'temporal.db');
  let temporal = await startTemporal({ dbFile });
  onTestFinished(() => temporal.stop());
  const postgres = usePostgres(inject('postgresUrl'));
  const databaseUrl = await postgres.createDatabase();
  onTestFinished(() => postgres.dropDatabase(databaseUrl));
  const system = await startSystem({
    ...{ databaseUrl, temporal },
    policy: { reconcileEvery: '1d', acknowledgeAfter: null },
    offergrid: { callsPerMinute: 100_000, callsPerHour: 1_000_000 },
    env: { OFFERGRID_CALLS_PER_MINUTE: '10000' },
  });
  onTestFinished(() => system.stop());
  const { control } = system.offergrid;
  control.setFaults([{ kind: 'delay', ms: SLOW, method: 'PATCH' }]);
  const items = Array.from({ length: ORDERS }, () => control.placeOrder().items[0]!.itemId);
  const answers = () => control.calls().filter(({ method }) => method === 'PATCH');
  await eventually('the answers', () => answers().length === ORDERS, { seen: () => answers().length });

  const before = control.calls().length;
  process.kill(temporal.pid!, 'SIGKILL');
  await temporal.stop();
  // Their replies come now, and nobody takes what the worker says of them.
  const areTaken = () => items.every((itemId) => control.path(itemId).includes('accepted'));
  await eventually('all to be taken', areTaken);
  control.clearFaults();
  await wait(OUTAGE);
  const port = Number(temporal.address.split(':')[1]);
  temporal = await startTemporal({ dbFile, preferredPort: port });

  const ordered = () => new Set(system.provider.control.workOrders().map(({ itemId }) => itemId));
  await eventually('all to go on', () => ordered().size === ORDERS, {
    within: 90_000,
    seen: () => ordered().size,
  });
  expect(answers()).toHaveLength(ORDERS);
  for (const itemId of items) expect(control.path(itemId)).toEqual(['pending', 'accepted']);
  // They had to be asked for, but for a report that got through in the last moment.
  const asked = control
    .calls()
    .slice(before)
    .filter(({ method, path }) => method === 'GET' && path.startsWith('/provider/orders/'));
  expect(new Set(asked.map(({ path }) => path)).size).toBeGreaterThan(ORDERS / 2);
}, 180_000);
