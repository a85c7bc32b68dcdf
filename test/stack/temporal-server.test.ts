import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnProcess } from '../../sandbox/stack/child-process.js';
import { startTemporal, type TemporalServer } from '../../sandbox/stack/temporal-server.js';
import { compileStack } from './compiled-stack.js';
import { family, isAlive, isListening, portOf, processesNaming, until } from './leftovers.js';

const CONTRACT = {
  OffergridOrderId: 2,
  OffergridStatus: 2,
  FulfillmentStage: 2,
  ServiceCategory: 2,
  SlaState: 2,
  Attention: 2,
  ResponseDeadline: 6,
  TestOrder: 5,
};

const ownServer = { env: { ...process.env, TEMPORAL_ADDRESS: '' } };

describe('a development server', () => {
  let temporal: TemporalServer;
  let connection: Connection;
  beforeAll(async () => {
    temporal = await startTemporal({ ...ownServer, ui: true });
    connection = await Connection.connect({ address: temporal.address });
  });
  afterAll(async () => {
    await connection.close();
    await temporal.stop();
  });

  const attributesOf = async (namespace: string) =>
    (await connection.operatorService.listSearchAttributes({ namespace })).customAttributes;

  test('knows the search attributes of the contract and serves its UI', async () => {
    expect(await attributesOf('default')).toMatchObject(CONTRACT);
    const page = await fetch(temporal.uiUrl ?? '');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<html');
    expect(temporal.logs()).toContain('Temporal Server:');
  });

  test('a new namespace takes workflows with all attributes at once, and twice is fine', async () => {
    for (const namespace of ['file-1', 'file-2', 'file-3']) {
      await temporal.createNamespace(namespace);
      const typedSearchAttributes = new TypedSearchAttributes([
        { key: defineSearchAttributeKey('OffergridOrderId', 'KEYWORD'), value: 'ord-1' },
        { key: defineSearchAttributeKey('ResponseDeadline', 'DATETIME'), value: new Date(0) },
        { key: defineSearchAttributeKey('TestOrder', 'BOOL'), value: true },
      ]);
      const client = new Client({ connection, namespace });
      const options = { taskQueue: 'none', workflowId: 'one', typedSearchAttributes };
      const handle = await client.workflow.start('fulfillOrderItem', options);
      const query =
        'OffergridOrderId = "ord-1" AND TestOrder = true AND ResponseDeadline < "1971-01-01T00:00:00Z"';
      await until('the workflow to be listed', async () => (await client.workflow.count(query)).count === 1);
      await handle.terminate();
    }
    await temporal.createNamespace('file-1');
    expect(await attributesOf('file-1')).toMatchObject(CONTRACT);
  });

  test('TEMPORAL_ADDRESS: that server is used, nothing is started, and it outlives our stop', async () => {
    const env = { PATH: '', TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: 'file-9' };
    await temporal.createNamespace('file-9');
    const same = await startTemporal({ env });
    expect(same).toMatchObject({ address: temporal.address, namespace: 'file-9' });
    expect(same.pid).toBeUndefined();
    await same.createNamespace('file-10');
    await same.stop();
    expect(await attributesOf('file-10')).toMatchObject(CONTRACT);
  });
});

test('two at once with the same taken ports: each finds its own; stop leaves nothing', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const start = () => startTemporal({ ...ownServer, preferredPort: port, ui: port, namespace: 'own' });
  const both = await Promise.all([start(), start()]);
  taken.close();
  const ports = both.flatMap(({ address, uiUrl = '' }) => [portOf(address), portOf(uiUrl)]);
  expect(new Set([port, ...ports]).size).toBe(5);
  const all = both.flatMap(({ pid = 0 }) => family(pid));
  expect(all.length).toBe(4);
  await Promise.all(both.map((temporal) => temporal.stop()));
  await until('all processes to be gone', () => !all.some(isAlive));
  for (const used of ports) expect(await isListening(used)).toBe(false);
});

test('a program that is no server: the error shows what it printed', async () => {
  const binary = { kind: 'executable', path: '/bin/ls', source: 'path' } as const;
  await expect(startTemporal({ binary })).rejects.toThrow(/temporal server ended[^]*ls: /);
});

test('a killed parent leaves neither Temporal nor Postgres', async () => {
  const stack = await compileStack();
  try {
    const parent = await spawnProcess({
      name: 'parent',
      args: ['--input-type=module', '-e', PARENT.replaceAll('STACK', stack.folder)],
      env: { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] },
    });
    await until('the stack', () => parent.output().includes('ready') || !parent.running, 30_000);
    const found = /ready (.*)/.exec(parent.output())?.[1];
    expect(found, parent.output()).toBeDefined();
    const { pids, ports, data } = JSON.parse(found ?? '') as {
      pids: number[];
      ports: number[];
      data: string;
    };
    const all = pids.flatMap(family);
    expect(all.length).toBeGreaterThanOrEqual(5);
    parent.kill('SIGKILL');
    await until('all processes to be gone', () => !all.some(isAlive));
    for (const port of ports) expect(await isListening(port)).toBe(false);
    expect(processesNaming(data)).toEqual([]);
    expect(existsSync(data)).toBe(false);
    await parent.exited;
  } finally {
    await stack.remove();
  }
});

const PARENT = `
import { startPostgres } from 'STACK/postgres.js';
import { startTemporal } from 'STACK/temporal-server.js';
import { createRequire } from 'node:module';
const { Client } = createRequire('STACK/')('pg');
const [postgres, temporal] = await Promise.all([startPostgres({ durable: false }), startTemporal()]);
const client = new Client({ connectionString: postgres.url });
await client.connect();
const { rows } = await client.query('show data_directory');
console.log('ready ' + JSON.stringify({
  pids: [postgres.pid, temporal.pid],
  ports: [postgres.port, Number(temporal.address.split(':')[1])],
  data: rows[0].data_directory,
}));
`;
