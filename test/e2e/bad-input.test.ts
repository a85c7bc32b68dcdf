import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sampleOrder } from '../../sandbox/offergrid/control.js';
import { spawnProcess } from '../../sandbox/stack/child-process.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { LIVE, placeAs, placeOrder, VISIT, type PlacedItem } from './placed-item.js';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system?.stop());

type ProcessName = 'workers' | 'api';

/** Starts a process with the running system's settings, but for some; it is expected to end by itself. */
async function refusedStart(name: ProcessName, changes: Record<string, string | undefined>) {
  const running = await spawnProcess({
    name,
    args: [`dist/${name}/main.js`],
    env: { ...system.env, PORT: '0', WORKER_PORT: '0', ...changes },
    cwd: projectRoot(),
  });
  const { code } = await running.exited;
  const lines = running.output().trim().split('\n');
  const secrets: string[] = Object.values({ ...system.keys });
  for (const secret of [...secrets, 'hunter2']) expect(running.output()).not.toContain(secret);
  return { code, lines };
}

async function policyFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bad-policy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'policy.json');
  await writeFile(path, content);
  return path;
}

describe('a process that cannot start says why, a line for each problem, and ends with 1', () => {
  test.concurrent.each<[string, ProcessName, Record<string, string | undefined>, RegExp[]]>([
    [
      'settings that are missing (worker)',
      'workers',
      { DATABASE_URL: undefined, OFFERGRID_API_KEY: undefined },
      [/^DATABASE_URL: is required/, /^OFFERGRID_API_KEY: is required/],
    ],
    [
      'settings that are missing (api)',
      'api',
      { DATABASE_URL: undefined, OFFERGRID_WEBHOOK_SECRET: undefined },
      [/^DATABASE_URL: is required/, /^OFFERGRID_WEBHOOK_SECRET: is required/],
    ],
    [
      'settings that are wrong, secrets among them',
      'workers',
      {
        SHUTDOWN_GRACE: 'soon',
        PAYLOAD_ENCRYPTION_KEYS: 'k1:hunter2',
        OFFERGRID_API_URL: 'http://offergrid.example',
        LOG_LEVEL: 'loud',
      },
      [/^LOG_LEVEL: /, /^OFFERGRID_API_URL: .*https/, /^PAYLOAD_ENCRYPTION_KEYS: /, /^SHUTDOWN_GRACE: /],
    ],
    [
      'a policy that asks a provider who is not connected',
      'workers',
      { PROVIDER_API_URL: undefined, PROVIDER_API_KEY: undefined },
      [/^policy categories\.default\.availability: .*PROVIDER_API_URL/],
    ],
    [
      'a policy file that is not there',
      'workers',
      { FULFILLMENT_POLICY: '/nowhere/policy.json' },
      [/^FULFILLMENT_POLICY: .*\/nowhere\/policy\.json/],
    ],
  ])('%s', async (_what, name, changes, problems) => {
    const { code, lines } = await refusedStart(name, changes);
    expect(code).toBe(1);
    expect(lines).toHaveLength(problems.length);
    for (const problem of problems) expect(lines).toContainEqual(expect.stringMatching(problem));
  });

  test('a policy with unknown keys and a bad duration', async () => {
    const policy = {
      respond: {},
      response: { deadline: '1 day', warnBefor: ['1h'] },
      categories: { internet: { decision: 'maybe' } },
    };
    const FULFILLMENT_POLICY = await policyFile(JSON.stringify(policy));
    const { code, lines } = await refusedStart('workers', { FULFILLMENT_POLICY });
    expect(code).toBe(1);
    expect(lines.map((line) => line.split(': ')[0]).sort()).toEqual([
      'policy categories.internet.decision',
      'policy respond',
      'policy response.deadline',
      'policy response.warnBefor',
    ]);
  });

  test('a policy that is not JSON', async () => {
    const FULFILLMENT_POLICY = await policyFile('{ "timeZone": ');
    const { code, lines } = await refusedStart('workers', { FULFILLMENT_POLICY });
    expect({ code, lines: lines.length }).toEqual({ code: 1, lines: 1 });
    expect(lines[0]).toMatch(/^FULFILLMENT_POLICY: .* is not JSON/);
  });
});

describe('what cannot be used changes nothing', () => {
  /** The item as everybody sees it: what is shown, what the platform has, and how long its history is. */
  async function everythingOf(item: PlacedItem) {
    const workflow = system.client.workflow.getHandle(`fulfillment-${item.itemId}`);
    const { historyLength } = await workflow.describe();
    return { shown: await item.shown(), path: item.path(), historyLength };
  }

  test('of an item under way, and it goes on', async () => {
    const item = await placeOrder(system);
    await item.hasWorkOrder();
    await item.shows({ offergridStatus: 'accepted' });
    // A query is answered after the task in hand: what it has yet to write to its history is there then.
    await system.client.workflow.getHandle(`fulfillment-${item.itemId}`).query('state');
    const before = await everythingOf(item);
    const events = `/v1/orders/${item.itemId}/events`;
    const commands = `/v1/orders/${item.itemId}/commands`;
    const oversized = JSON.stringify({
      id: 'x',
      type: 'installation.started',
      data: { note: 'x'.repeat(300_000) },
    });
    const workOrder = `/v1/work-orders/${before.shown.workOrderId}/status`;
    const bad: [number, string, string, unknown][] = [
      [400, 'POST', events, '{"id": "evt-1", '],
      [400, 'POST', events, '[]'],
      [400, 'POST', events, { id: 'evt-1', type: 'installation.begun' }],
      [400, 'POST', events, { id: 7, type: 'installation.started' }],
      [400, 'POST', events, { id: 'evt-1', type: 'appointment.scheduled', data: { scheduledFor: 'Monday' } }],
      [409, 'POST', events, { id: 'evt-1', type: 'availability.confirmed' }],
      [413, 'POST', events, oversized],
      [404, 'POST', '/v1/orders/item-of-nobody/events', { id: 'evt-1', type: 'installation.started' }],
      [400, 'POST', commands, { command: 'explode' }],
      [400, 'POST', commands, { command: 'reject' }],
      [409, 'POST', commands, { command: 'approve' }],
      [404, 'POST', '/v1/orders/item-of-nobody/commands', { command: 'approve' }],
      [400, 'PUT', workOrder, { offergridItemId: item.itemId, status: 'scheduled' }],
    ];
    for (const [status, method, path, body] of bad) {
      const answer = await item.call(method, path, body);
      const said = typeof body === 'string' ? body.slice(0, 40) : JSON.stringify(body);
      expect(answer.status, said).toBe(status);
      expect(answer.body, said).toMatchObject({ status, title: expect.any(String) as string });
    }
    expect(await everythingOf(item)).toEqual(before);

    // None of them has used its id up.
    expect((await item.report('appointment.scheduled', VISIT, { id: 'evt-1' })).status).toBe(202);
    await item.reported('installation.completed', LIVE);
    await item.ends('active');
  });

  test('of a finished item', async () => {
    const item = await placeOrder(system, { serviceAddress: { street: '1 Nowhere Lane' } });
    await item.ends('rejected');
    await system.client.workflow.getHandle(`fulfillment-${item.itemId}`).result();
    const before = await everythingOf(item);
    for (const type of ['appointment.scheduled', 'installation.completed', 'service.activated'])
      expect(await item.report(type, { ...VISIT, ...LIVE }), type).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('finished') as string },
      });
    expect((await item.command('approve')).status).toBe(409);
    system.offergrid.control.sendWebhook({
      event: 'order.created',
      orderId: item.orderId,
      itemId: item.itemId,
      timestamp: new Date().toISOString(),
    });
    const next = await placeOrder(system);
    await next.reaches('pending', 'accepted');
    expect(await everythingOf(item)).toEqual(before);
  });
});

test('a webhook is not believed: what the item itself says decides', async () => {
  const item = placeAs(system, 'item-otherwise-announced', { silent: true });
  const orderId = 'ord-of-somebody-else';
  const customerInfo = { fullName: 'Eve Other', email: 'eve@example.com', phone: '+1-555-000-0000' };
  const contents = {
    ...{ orderId, itemId: item.itemId, status: 'cancelled', createdAt: '2020-01-02T10:00:00Z' },
    ...{ offerId: 'off-ins-1', offerName: 'Renters Insurance Basic', category: 'insurance' },
    // That one is not served.
    ...{ customerInfo, serviceAddress: { ...sampleOrder.serviceAddress, street: '9 Nowhere Lane' } },
    ...{ notes: 'Do not call', metadata: { test: true } },
  };
  system.offergrid.control.sendWebhook({
    id: 'evt-otherwise',
    event: 'order.created',
    ...contents,
    data: contents,
  });
  await item.hasWorkOrder();
  const shown = await item.shows({ stage: 'scheduling', offergridStatus: 'accepted' });
  const own = system.offergrid.control.items().find(({ id }) => id === item.itemId)!;
  expect(shown).toMatchObject({
    ...{ orderId: item.orderId, offerId: own.offerId, offerName: own.offerName, category: 'internet' },
    ...{ testOrder: false, attention: null, sla: { state: 'met' } },
  });
  expect(item.path()).toEqual(['pending', 'accepted']);
  expect(item.workOrders()).toMatchObject([
    {
      ...{ orderId: item.orderId, offer: { id: own.offerId, category: 'internet' } },
      ...{ customerInfo: sampleOrder.customerInfo, serviceAddress: { street: '123 Main St' } },
    },
  ]);
  const { searchAttributes } = await system.client.workflow
    .getHandle(`fulfillment-${item.itemId}`)
    .describe();
  expect(searchAttributes).toMatchObject({ OffergridOrderId: [item.orderId], ServiceCategory: ['internet'] });
});
