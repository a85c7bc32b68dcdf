import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { transitionOf, viewOf } from '../db/transitions.js';
import { eventually, newId, startHarness, type Answer, type Harness } from './harness.js';

let api: Harness;
let itemId: string;
beforeAll(async () => {
  api = await startHarness();
});
beforeEach(async () => {
  itemId = newId('item');
  await api.webhook({ event: 'order.created', itemId, orderId: 'ord-1' });
  await eventually(async () => expect(await api.signals(itemId)).toEqual([]));
});
afterEach(() => Promise.all([api.postgres.mend(), api.temporal.mend()]));
afterAll(() => api.close());

const send = (body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', `/v1/orders/${itemId}/commands`, { body, headers });
const paths = ({ body }: Answer) => (body['errors'] as { path: string }[]).map(({ path }) => path);

describe('with a worker (and a stand-in for the workflow)', () => {
  let worker: Worker;
  let running: Promise<void>;
  let connection: NativeConnection;
  beforeAll(async () => {
    connection = await NativeConnection.connect({ address: api.temporalAddress });
    worker = await Worker.create({
      connection,
      namespace: api.namespace,
      taskQueue: 'fulfillment',
      workflowsPath: fileURLToPath(new URL('./stand-in-workflow.ts', import.meta.url)),
    });
    running = worker.run();
  });
  afterAll(async () => {
    worker.shutdown();
    await running;
    await connection.close();
  });

  test("200 with the item as the workflow shows it, the key's name as actor", async () => {
    const answer = await send({ command: 'note', text: 'called the customer' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ...{ itemId, orderId: 'ord-1', stage: 'decision', waitingFor: 'note by admin' },
      workflow: {
        workflowId: `fulfillment-${itemId}`,
        url: `http://ui.example/namespaces/${api.namespace}/workflows/fulfillment-${itemId}`,
      },
    });
  });

  test('an Idempotency-Key makes a repeat of the command the same command', async () => {
    const key = { 'idempotency-key': 'click-1' };
    await send({ command: 'note', text: 'one' }, key);
    expect((await send({ command: 'note', text: 'one' }, key)).body['waitingFor']).toBe('note by admin');
    expect((await send({ command: 'retry' }, key)).body['waitingFor']).toBe('note by admin, retry by admin');
  });

  test("409 with the workflow's reason", async () => {
    const answer = await send({ command: 'reject', reason: 'refuse' });
    expect(answer.status).toBe(409);
    expect(answer.body['detail']).toBe('Nothing is open.');
  });

  test('500 when it fails otherwise, and its words stay inside', async () => {
    const answer = await send({ command: 'reject', reason: 'break' });
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain('something odd');
  });

  test('409 when the workflow has ended, and when the records say so', async () => {
    expect((await send({ command: 'note', text: 'finish' })).status).toBe(200);
    await eventually(async () => {
      const answer = await send({ command: 'retry' });
      expect(answer.status).toBe(409);
      expect(answer.body['detail']).toMatch('finished');
    });
    await api.records.record(transitionOf(viewOf(itemId, { stage: 'done', outcome: 'failed' })));
    await api.temporal.cut();
    expect((await send({ command: 'retry' })).status).toBe(409);
  });

  test('503 for an item that was heard of and is not in hand yet', async () => {
    itemId = newId('item');
    await api.webhook({ event: 'offer.ordered', itemId, orderId: 'ord-1' });
    expect((await send({ command: 'retry' })).status).toBe(503);
  });

  test('404 for an unknown item', async () => {
    itemId = newId('item');
    expect((await send({ command: 'retry' })).status).toBe(404);
  });

  test.each<[object, string[]]>([
    [{}, ['command']],
    [{ command: 'explode' }, ['command']],
    [{ command: 'toString' }, ['command']],
    [{ command: 'reject' }, ['reason']],
    [{ command: 'fail', reason: '  ' }, ['reason']],
    [{ command: 'note' }, ['text']],
    [{ command: 'schedule', scheduledFor: 'soon', appointmentWindow: '1-5' }, ['scheduledFor']],
    [{ command: 'cancel', reason: 'x', requestedBy: 'dog' }, ['requestedBy']],
    [{ command: 'complete', active: 'no' }, ['active']],
  ])('400 with the path: %j', async (body, expected) => {
    const answer = await send(body);
    expect(answer.status).toBe(400);
    expect(paths(answer)).toEqual(expected);
  });
});

test('503 within a bound while no worker answers, and the command may still be carried out', async () => {
  const began = Date.now();
  const answer = await send({ command: 'note', text: 'anybody there?' });
  expect(answer.status).toBe(503);
  expect(answer.body['detail']).toMatch('may still be carried out');
  expect(Date.now() - began).toBeLessThan(13_000);
});

test('503 while Temporal is away', async () => {
  await api.temporal.cut();
  expect((await send({ command: 'retry' })).status).toBe(503);
});
