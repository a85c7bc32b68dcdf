import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createInbox } from '../../db/inbox.js';
import { createOrderRecords } from '../../db/order-records.js';
import { createPool, type Pool } from '../../db/pool.js';
import { spawnProcess } from '../../sandbox/stack/child-process.js';
import { usePostgres } from '../../sandbox/stack/postgres.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';

const postgres = usePostgres(inject('postgresUrl'));
let url: string;
let pool: Pool;
beforeAll(async () => {
  url = await postgres.createDatabase();
  pool = createPool(url);
  expect(await cli(['migrate', '--json'])).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await pool.end();
  await postgres.dropDatabase(url);
});

/** The built command as people run it. */
async function cli(args: string[], env: Record<string, string | undefined> = { DATABASE_URL: url }) {
  const process = await spawnProcess({
    name: 'cli',
    args: ['dist/cli/main.js', ...args],
    env,
    cwd: projectRoot(),
  });
  const { code } = await process.exited;
  return { code, output: process.output() };
}

async function known(itemId: string): Promise<void> {
  await createOrderRecords(pool).record({
    itemId,
    revision: 1,
    situation: {
      stage: 'review',
      status: 'pending',
      fulfillment: 'installation',
      ends: 'active',
      appointment: null,
    },
    milestones: { acceptedAt: null, respondedAt: null, finishedAt: null },
    entries: [
      {
        sequence: 1,
        at: '2026-01-02T10:00:00.000Z',
        type: 'note',
        from: null,
        to: null,
        actor: 'workflow',
        note: 'Looked.',
      },
    ],
    view: {
      itemId,
      orderId: 'ord-1',
      offerId: 'off-1',
      offerName: 'Fiber',
      category: 'internet',
      stage: 'review',
      outcome: null,
      offergridStatus: 'pending',
      testOrder: false,
      sla: { state: 'on_track', deadline: '2026-01-03T10:00:00.000Z', respondedAt: null },
      waitingFor: 'a person',
      attention: null,
      appointment: null,
      workOrderId: null,
      createdAt: '2026-01-02T10:00:00.000Z',
      updatedAt: '2026-01-02T10:00:00.000Z',
      workflow: { workflowId: `fulfillment-${itemId}`, url: null },
    },
  });
}

test('migrate a second time has nothing to do', async () => {
  const { code, output } = await cli(['migrate', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(output)).toEqual({ migrations: [] });
});

describe('orders', () => {
  test('list and show, for people and for programs', async () => {
    await known('item-cli');
    const listed = await cli(['orders', 'list', '--stage', 'review', '--json']);
    expect(JSON.parse(listed.output)).toMatchObject({ items: [{ itemId: 'item-cli', stage: 'review' }] });
    expect((await cli(['orders', 'list'])).output).toMatch(/item-cli +review/);
    const shown = await cli(['orders', 'show', 'item-cli', '--json']);
    expect(JSON.parse(shown.output)).toMatchObject({ itemId: 'item-cli', timeline: [{ note: 'Looked.' }] });
    expect((await cli(['orders', 'show', 'item-cli'])).output).toMatch(/Looked\./);
  });

  test('show of one that nobody knows fails', async () => {
    const { code, output } = await cli(['orders', 'show', 'item-nowhere']);
    expect(code).toBe(1);
    expect(output).toMatch(/item-nowhere/);
  });
});

test('a quarantined webhook is listed and tried again', async () => {
  await createInbox(pool).store({
    dedupeKey: 'evt-1',
    event: 'order.created',
    itemId: null,
    orderId: null,
    occurredAt: null,
    bodyText: '{}',
    quarantine: 'names no order item',
    unread: null,
  });
  const { items } = JSON.parse((await cli(['inbox', 'list', '--json'])).output) as {
    items: { id: string }[];
  };
  expect(items).toMatchObject([{ event: 'order.created', reason: 'names no order item' }]);
  expect(await cli(['inbox', 'replay', items[0]!.id])).toMatchObject({ code: 0 });
  expect(JSON.parse((await cli(['inbox', 'list', '--json'])).output)).toEqual({ items: [] });
  expect((await cli(['inbox', 'replay', '999'])).code).toBe(1);
  expect((await cli(['inbox', 'replay', 'nope'])).code).toBe(2);
});

describe('exit codes', () => {
  test.each([
    [[]],
    [['frobnicate']],
    [['orders', 'show']],
    [['migrate', 'twice']],
    [['orders', 'list', '--stage', 'x']],
  ])('wrong usage %j: 2, with the usage', async (args) => {
    const { code, output } = await cli(args);
    expect(code).toBe(2);
    expect(output).toMatch(/Usage: cli/);
  });

  test('--help: 0, with the usage', async () => {
    expect(await cli(['--help'])).toMatchObject({
      code: 0,
      output: expect.stringContaining('Usage: cli') as string,
    });
  });

  test('a missing setting: 1, and its name', async () => {
    const { code, output } = await cli(['migrate'], {});
    expect(code).toBe(1);
    expect(output).toMatch(/^DATABASE_URL\b/m);
  });
});
