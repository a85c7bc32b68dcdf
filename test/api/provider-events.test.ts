import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { situationOf, transitionOf, viewOf } from '../db/transitions.js';
import { eventually, newId, startHarness, type Answer, type Harness } from './harness.js';

let api: Harness;
let itemId: string;
beforeAll(async () => {
  api = await startHarness();
});
beforeEach(async () => {
  itemId = newId('item');
  await record();
});
afterEach(() => Promise.all([api.postgres.mend(), api.temporal.mend()]));
afterAll(() => api.close());

/** Writes the item down as accepted, and as told. */
const record = (
  view: Parameters<typeof viewOf>[1] = {},
  situation: Parameters<typeof situationOf>[0] = {},
  revision = 1,
) =>
  api.records.record(
    transitionOf(viewOf(itemId, { stage: 'scheduling', offergridStatus: 'accepted', ...view }), {
      situation: situationOf({ stage: 'scheduling', status: 'accepted', ...situation }),
      revision,
    }),
  );
const finish = () => record({ stage: 'done', outcome: 'active' }, { stage: 'done', status: 'active' }, 2);

const appointment = { scheduledFor: '2025-01-05T13:00:00-08:00', appointmentWindow: '1-5 PM' };
const scheduled = (id: string, more: object = {}) => ({
  id,
  type: 'appointment.scheduled',
  data: appointment,
  ...more,
});
const send = (body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', `/v1/orders/${itemId}/events`, { body, headers });
const paths = ({ body }: Answer) => (body['errors'] as { path: string }[]).map(({ path }) => path);

describe('an event is taken', () => {
  test('202, and it is in the workflow before the answer', async () => {
    const answer = await send(scheduled('evt-1', { time: '2025-01-02T10:00:00+01:00', source: 'crm' }));
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ id: 'evt-1', itemId, duplicate: false });
    expect(await api.signals(itemId)).toEqual([
      {
        name: 'providerEvent',
        event: {
          id: 'evt-1',
          type: 'appointment.scheduled',
          time: '2025-01-02T09:00:00.000Z',
          source: 'crm',
          data: appointment,
        },
      },
    ]);
  });

  test('as a CloudEvent in structured mode, whatever else it says', async () => {
    const body = {
      ...{ specversion: '1.0', id: 'ce-1', source: '/crm', type: 'installation.started', subject: itemId },
      ...{ time: '2025-01-02T10:00:00Z', datacontenttype: 'application/json', traceparent: '00-x' },
      data: { technicianName: 'Ann', somethingOfOurs: { a: 1 } },
    };
    const answer = await send(body, { 'content-type': 'application/cloudevents+json; charset=utf-8' });
    expect(answer.status).toBe(202);
    expect((await api.signals(itemId))?.[0]?.event).toEqual({
      ...{ id: 'ce-1', source: '/crm', type: 'installation.started', time: '2025-01-02T10:00:00.000Z' },
      data: { technicianName: 'Ann' },
    });
  });

  test('with the Idempotency-Key for an id, now for a time and {} for data', async () => {
    const before = Date.now();
    const answer = await send({ type: 'availability.confirmed' }, { 'idempotency-key': 'key-1' });
    // The answer has been given at the platform, so availability cannot apply; but nothing was malformed.
    expect(answer.status).toBe(409);
    const taken = await send({ type: 'installation.started' }, { 'idempotency-key': 'key-1' });
    expect(taken.body).toEqual({ id: 'key-1', itemId, duplicate: false });
    const event = (await api.signals(itemId))?.[0]?.event;
    expect(event?.['data']).toEqual({});
    expect(Date.parse(event?.['time'] as string)).toBeGreaterThanOrEqual(before);
  });

  test("the body's id goes before the header's", async () => {
    const answer = await send(scheduled('evt-body'), { 'idempotency-key': 'evt-header' });
    expect(answer.body['id']).toBe('evt-body');
  });

  test('null and blank fields are as good as none', async () => {
    const data = { ...appointment, note: null, technicianName: '  ', workOrderId: 'wo-1' };
    expect((await send(scheduled('evt-1', { data }))).status).toBe(202);
    const event = (await api.signals(itemId))?.[0]?.event;
    expect(event?.['data']).toEqual({ ...appointment, workOrderId: 'wo-1' });
  });

  test('for an item that only a stored webhook named', async () => {
    itemId = newId('item');
    await api.temporal.cut();
    await api.webhook({ event: 'order.created', itemId, orderId: 'ord-9' });
    await api.temporal.mend();
    await eventually(async () => expect((await send(scheduled('evt-1'))).status).toBe(202));
    const run = await api.client.workflow.getHandle(`fulfillment-${itemId}`).describe();
    expect(run.searchAttributes).toMatchObject({ OffergridOrderId: ['ord-9'] });
  });
});

describe('an event is taken once', () => {
  test('ten at once: one 202, nine 200, one signal', async () => {
    // With Temporal held up, nine come to wait for the tenth, whatever the machine's pace.
    api.temporal.freeze();
    const sent = Promise.all(Array.from({ length: 10 }, () => send(scheduled('evt-1'))));
    await eventually(async () => {
      const { rows } = await api.pool.query(
        `select count(*)::int as waiting from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rows).toEqual([{ waiting: 9 }]);
    });
    await api.temporal.mend();
    const answers = await sent;
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: 9 }, () => 200),
      202,
    ]);
    expect(answers.filter(({ body }) => body['duplicate'] === true)).toHaveLength(9);
    expect(await api.signals(itemId)).toHaveLength(1);
  });

  test('200 for a repeat when the item is finished; another id is 409', async () => {
    await send(scheduled('evt-1'));
    await finish();
    const repeat = await send(scheduled('evt-1'));
    expect(repeat.status).toBe(200);
    expect(repeat.body).toEqual({ id: 'evt-1', itemId, duplicate: true });
    expect((await send(scheduled('evt-2'))).status).toBe(409);
  });

  test('a repeat of one that arrived before we could note it is no contradiction of what it led to', async () => {
    await send(scheduled('evt-1'));
    const lost = { ...scheduled('evt-2'), time: '2025-01-02T10:00:00.000Z' };
    await api.client.workflow.getHandle(`fulfillment-${itemId}`).signal('providerEvent', lost);
    await finish();
    expect((await send(lost)).body).toEqual({ id: 'evt-2', itemId, duplicate: false });
    expect((await send(lost)).body).toEqual({ id: 'evt-2', itemId, duplicate: true });
    expect(await api.signals(itemId)).toHaveLength(2);
    await api.client.workflow.getHandle(`fulfillment-${itemId}`).terminate('test');
    expect((await send(scheduled('evt-3'))).status).toBe(409);
  });

  test.each([
    ['data', { data: { ...appointment, appointmentWindow: '8-12 AM' } }],
    ['type', { type: 'appointment.rescheduled' }],
    ['time', { time: '2025-01-02T10:00:00Z' }],
  ])('422 for the id with other content: %s', async (_, other) => {
    expect((await send(scheduled('evt-1'))).status).toBe(202);
    const answer = await send(scheduled('evt-1', other));
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(await api.signals(itemId)).toHaveLength(1);
  });

  test('the same content in another order, and the same time in another zone, is a repeat', async () => {
    await send(scheduled('evt-1', { time: '2025-01-02T10:00:00Z' }));
    const { scheduledFor, appointmentWindow } = appointment;
    const again = await send({
      ...{ time: '2025-01-02T11:00:00.000+01:00', data: { appointmentWindow, scheduledFor } },
      ...{ type: 'appointment.scheduled', id: 'evt-1' },
    });
    expect(again.status).toBe(200);
  });

  test('the same id at another item is another event', async () => {
    await send(scheduled('evt-1'));
    itemId = newId('item');
    await record();
    expect((await send(scheduled('evt-1'))).status).toBe(202);
  });
});

describe('an event is refused', () => {
  test('404: nobody named the item', async () => {
    itemId = newId('item');
    const answer = await send(scheduled('evt-1'));
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ title: 'Not Found', status: 404 });
    expect(await api.signals(itemId)).toBeNull();
  });

  test('409: it cannot apply, and the id is free for one that can', async () => {
    const answer = await send({ id: 'evt-1', type: 'availability.denied', data: { reason: 'no line' } });
    expect(answer.status).toBe(409);
    expect(answer.body['detail']).toBe('It cannot apply: the order has been answered already.');
    expect((await send(scheduled('evt-1'))).status).toBe(202);
  });

  test('409: the workflow has ended, which the records do not know yet', async () => {
    await send(scheduled('evt-1'));
    await api.client.workflow.getHandle(`fulfillment-${itemId}`).terminate('test');
    expect((await send(scheduled('evt-2'))).status).toBe(409);
    expect((await send(scheduled('evt-2'))).status).toBe(409);
  });

  test('503 while Postgres is away', async () => {
    await api.postgres.cut();
    expect((await send(scheduled('evt-1'))).status).toBe(503);
    await api.postgres.mend();
    expect((await send(scheduled('evt-1'))).status).toBe(202);
  });

  test.each<[string, object, string[]]>([
    ['no id', { type: 'installation.started' }, ['id']],
    ['an id that is no text', { id: 7, type: 'installation.started' }, ['id']],
    ['no type', { id: 'e' }, ['type']],
    ['an unknown type', { id: 'e', type: 'order.exploded' }, ['type']],
    ['no text for a time', { id: 'e', type: 'installation.started', time: 5 }, ['time']],
    ['a time without zone', { id: 'e', type: 'installation.started', time: '2025-01-02T10:00:00' }, ['time']],
    ['no object for data', { id: 'e', type: 'installation.started', data: 'x' }, ['data']],
    ['an array for data', { id: 'e', type: 'installation.started', data: [] }, ['data']],
    [
      'no appointment',
      { id: 'e', type: 'appointment.scheduled' },
      ['data.scheduledFor', 'data.appointmentWindow'],
    ],
    [
      'an appointment without zone',
      scheduled('e', { data: { ...appointment, scheduledFor: '2025-01-05T13:00:00' } }),
      ['data.scheduledFor'],
    ],
    [
      'a day that is not in the calendar',
      scheduled('e', { data: { ...appointment, scheduledFor: '2025-02-30T13:00:00Z' } }),
      ['data.scheduledFor'],
    ],
    ['no reason', { id: 'e', type: 'installation.failed', data: {} }, ['data.reason']],
    ['a blank reason', { id: 'e', type: 'availability.denied', data: { reason: ' ' } }, ['data.reason']],
    ['nobody who missed it', { id: 'e', type: 'appointment.missed', data: { by: 'dog' } }, ['data.by']],
    ['no text for a note', { id: 'e', type: 'installation.started', data: { note: 5 } }, ['data.note']],
    ['no boolean', { id: 'e', type: 'installation.completed', data: { active: 'yes' } }, ['data.active']],
    ['NUL', { id: 'e', type: 'installation.started', data: { note: 'a\0b' } }, ['data.note']],
    [
      'a stranger who cancelled',
      { id: 'e', type: 'order.cancelled', data: { reason: 'x', requestedBy: 'dog' } },
      ['data.requestedBy'],
    ],
    ['several at once', { type: 'installation.failed', time: 'x' }, ['id', 'time', 'data.reason']],
  ])('400 with the path: %s', async (_, body, expected) => {
    const answer = await send(body);
    expect(answer.status).toBe(400);
    expect(paths(answer).sort()).toEqual([...expected].sort());
    expect(await api.signals(itemId)).toBeNull();
  });

  test.each(['[]', 'null', '{"id":', ''])('400: no JSON object: %s', async (raw) => {
    const answer = await api.call('POST', `/v1/orders/${itemId}/events`, { raw });
    expect(answer.status).toBe(400);
    expect(paths(answer)).toEqual(['']);
  });

  test('413: more than 256 KiB', async () => {
    const answer = await send(scheduled('evt-1', { pad: 'x'.repeat(256 * 1024) }));
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ status: 413, title: 'Payload Too Large' });
  });
});

describe('work orders', () => {
  const put = (workOrderId: string, body: object, headers: Record<string, string> = {}) =>
    api.call('PUT', `/v1/work-orders/${workOrderId}/status`, {
      body: { offergridItemId: itemId, ...body },
      headers,
    });
  const last = async () => {
    const event = (await api.signals(itemId))?.at(-1)?.event;
    return { type: event?.['type'], source: event?.['source'], data: event?.['data'] };
  };

  test.each<[string, object, string, object]>([
    [
      'scheduled',
      {
        ...{ appointmentDate: '2025-01-05T13:00:00-08:00', appointmentWindow: '1-5 PM', notes: 'Gate code' },
        ...{ technicianId: 't-1', technicianName: 'Ann', technicianPhone: '555' },
      },
      'appointment.scheduled',
      {
        ...{ scheduledFor: '2025-01-05T13:00:00-08:00', appointmentWindow: '1-5 PM', note: 'Gate code' },
        ...{ technicianId: 't-1', technicianName: 'Ann', technicianPhone: '555' },
      },
    ],
    ['in_progress', { technicianName: 'Ann' }, 'installation.started', { technicianName: 'Ann' }],
    [
      'completed',
      { accountNumber: 'A-1', activationDate: '2025-01-05', notes: 'ok' },
      'installation.completed',
      { accountNumber: 'A-1', activationDate: '2025-01-05', note: 'ok' },
    ],
    ['failed', { notes: 'No conduit' }, 'installation.failed', { reason: 'No conduit' }],
    ['failed', {}, 'installation.failed', { reason: 'Installation failed.' }],
  ])('%s becomes an event', async (status, body, type, data) => {
    expect((await put('wo-1', { status, ...body })).status).toBe(202);
    expect(await last()).toEqual({ type, source: 'work-orders', data: { ...data, workOrderId: 'wo-1' } });
  });

  test('a repeat is told by its content, or by the Idempotency-Key', async () => {
    const first = await put('wo-1', { status: 'in_progress' });
    const again = await put('wo-1', { status: 'in_progress' });
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body).toEqual({ ...first.body, duplicate: true });
    expect(first.body['id']).toMatch(/^wo-[0-9a-f]{64}$/);

    const key = { 'idempotency-key': 'sync-1' };
    expect((await put('wo-1', { status: 'completed' }, key)).body['id']).toBe('sync-1');
    expect((await put('wo-1', { status: 'completed' }, key)).status).toBe(200);
    expect((await put('wo-1', { status: 'failed' }, key)).status).toBe(422);
  });

  test('409: the item has another work order; its own is taken', async () => {
    await record({ workOrderId: 'wo-1' }, {}, 2);
    const answer = await put('wo-2', { status: 'in_progress' });
    expect(answer.status).toBe(409);
    expect(answer.body['detail']).toBe("The item's work order is wo-1.");
    expect((await put('wo-1', { status: 'in_progress' })).status).toBe(202);
  });

  test('409: the item is finished; 404: it is not known', async () => {
    await finish();
    expect((await put('wo-1', { status: 'in_progress' })).status).toBe(409);
    itemId = newId('item');
    expect((await put('wo-1', { status: 'in_progress' })).status).toBe(404);
  });

  test.each<[object, string]>([
    [{ status: 'scheduled' }, 'appointmentDate'],
    [{ status: 'scheduled', appointmentDate: '2025-01-05' }, 'appointmentDate'],
    [{ status: 'on_hold' }, 'status'],
    [{}, 'status'],
    [{ status: 'failed', offergridItemId: '' }, 'offergridItemId'],
    [{ status: 'failed', notes: 5 }, 'notes'],
  ])('400 with the path: %j', async (body, path) => {
    const answer = await put('wo-1', body);
    expect(answer.status).toBe(400);
    expect(paths(answer)).toEqual([path]);
  });
});
