import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createOperatorDesk } from '../../api/operator-desk.js';
import { createOrderRecords } from '../../db/order-records.js';
import type { ProviderEventType } from '../../domain/provider-event.js';
import { platformEvent, providerEvent } from '../../workflows/messages.js';
import { seededChance } from '../../sandbox/http/fault-plan.js';
import { eventually } from '../support/eventually.js';
import { command, look, until } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

/** Small, so that a few dozen messages carry an item over. */
const HISTORY_LIMIT = 60;
const VISIT = { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' };
const LIVE = { accountNumber: '12345', activationDate: '2031-01-15' };

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({}, { historyLimit: HISTORY_LIMIT, server: 'dev' });
});
afterAll(() => time?.stop());
afterEach(() => {
  time.offergrid.control.clearFaults();
  time.provider.control.clearFaults();
  time.provider.control.setServiceability(() => ({ serviceable: true }));
});

const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);
const runOf = async (item: HeardItem) => (await item.handle.describe()).runId;
let sent = 0;
const report = (item: HeardItem, type: ProviderEventType, data: object = {}) =>
  item.handle.signal(providerEvent, {
    ...{ id: `evt-${(sent += 1)}`, type, time: new Date().toISOString(), data },
  } as never);
const hint = (item: HeardItem) =>
  item.handle.signal(platformEvent, {
    id: `hint-${(sent += 1)}`,
    type: 'reconciled',
    occurredAt: '2031-01-01T00:00:00Z',
  });

/** Hints, until the item goes on in another run; what is known of it is the same there. */
async function carriedOver(item: HeardItem): Promise<void> {
  const bare = async () => {
    const view = await look(item);
    return { ...view, updatedAt: null, attention: view.attention?.code };
  };
  const before = await bare();
  const run = await runOf(item);
  while ((await runOf(item)) === run) {
    // One after the other: against a stream of messages no run could end.
    const reads = readsOf(item);
    await hint(item);
    await eventually('a look at the platform', () => readsOf(item) > reads);
  }
  await eventually('the same view', async () => {
    expect(await bare()).toEqual(before);
    return true;
  });
}

/** A command that changes nothing, and waits until it is written down: against a stream of them no run could end. */
async function noted(item: HeardItem): Promise<void> {
  const text = `note ${(sent += 1)}`;
  await command(item, { command: 'note', text });
  const records = createOrderRecords(time.pool);
  await eventually('the note on record', async () =>
    (await records.timeline(item.itemId)).some(({ note }) => note === text),
  );
}

const readsOf = (item: HeardItem) =>
  time.offergrid.control.calls().filter(({ method, path }) => method === 'GET' && path.includes(item.itemId))
    .length;
const updatesOf = (item: HeardItem) =>
  time.offergrid.control
    .calls()
    .filter(({ method, path }) => method === 'PATCH' && path.includes(item.itemId))
    .map(({ body }) => (body as { status: string }).status);
const asked = (item: HeardItem, path: string) =>
  time.provider.control
    .calls()
    .filter((call) => call.path === path && (call.body as { itemId: string }).itemId === item.itemId).length;
/** Types of what people were told, each notification by its id. */
const told = (item: HeardItem) => {
  const ofItem = time.notifications.received().filter(({ data }) => data['itemId'] === item.itemId);
  expect(new Set(ofItem.map(({ id }) => id)).size).toBe(ofItem.length);
  return ofItem.map(({ type }) => type).sort();
};

const refuse = (item: HeardItem, status: string) =>
  time.offergrid.control.setFaults([
    {
      kind: 'error',
      status: 422,
      method: 'PATCH',
      path: `/provider/orders/${item.itemId}/status`,
      whenBody: { status },
    },
  ]);

async function installed(item: HeardItem): Promise<void> {
  await report(item, 'appointment.scheduled', VISIT);
  await report(item, 'installation.started');
  await report(item, 'installation.completed', LIVE);
  await item.handle.result();
}

/** Every line once, in one row of numbers whatever the number of runs. */
async function storyOf(item: HeardItem) {
  await eventually('the end on record', async () => {
    const record = await createOrderRecords(time.pool).find(item.itemId);
    return record?.view.stage === 'done';
  });
  const { rows } = await time.pool.query<{ sequence: number; type: string; note: string | null }>(
    'select sequence, type, note from timeline where item_id = $1 order by sequence',
    [item.itemId],
  );
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, at) => at + 1));
  return rows;
}

const INSTALLED = ['order.accepted', 'order.active', 'order.scheduled', 'order.started'];

describe('an item with a long history goes on in another run', () => {
  test('waiting for a review, with what the field reported held', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ attention }) => attention?.code === 'manual_review');
    await report(item, 'appointment.scheduled', VISIT);
    await until(item, ({ attention }) => attention?.code === 'event_before_decision');
    await carriedOver(item);
    await command(item, { command: 'note', text: 'Called the reseller.' });
    await carriedOver(item);
    await command(item, { command: 'approve' });
    await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
    await report(item, 'installation.completed', LIVE);
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled', 'in_progress', 'active']);
    expect(updatesOf(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'active']);
    expect(asked(item, '/work-orders')).toBe(1);
    await eventually('every notice', () => told(item).length >= 6);
    expect(told(item)).toEqual([...INSTALLED, 'order.attention', 'order.attention'].sort());
    const story = await storyOf(item);
    expect(story.filter(({ type }) => type === 'status')).toHaveLength(5);
    expect(story.filter(({ type }) => type === 'command').map(({ note }) => note)).toEqual([
      'Called the reseller.',
      'approve',
    ]);
    expect(story.filter(({ note }) => note?.startsWith('manual_review'))).toHaveLength(1);
  });

  test('waiting for a word on availability, which is asked for again only when a person says so', async () => {
    time.provider.control.setServiceability(() => ({ serviceable: null }));
    const item = await time.hear({});
    await until(item, ({ attention }) => attention?.code === 'availability_unknown');
    await carriedOver(item);
    expect(asked(item, '/serviceability')).toBe(1);
    await command(item, { command: 'retry' });
    await eventually('the second question', () => asked(item, '/serviceability') === 2);
    await until(item, ({ waitingFor }) => waitingFor === 'a person');
    await carriedOver(item);
    await report(item, 'availability.confirmed');
    await until(item, ({ workOrderId }) => workOrderId !== null);
    expect((await look(item)).attention).toBeNull();
    await expect(command(item, { command: 'approve' })).rejects.toThrow();
    await installed(item);
    expect(updatesOf(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'active']);
  });

  test('waiting for an appointment, and again after a missed visit', async () => {
    const item = await time.hear({});
    const { workOrderId } = await until(item, (view) => view.workOrderId !== null);
    await carriedOver(item);
    await report(item, 'appointment.scheduled', VISIT);
    await until(item, ({ offergridStatus }) => offergridStatus === 'scheduled');
    await report(item, 'appointment.missed', { by: 'customer' });
    await until(item, ({ stage }) => stage === 'scheduling');
    await carriedOver(item);
    await report(item, 'appointment.rescheduled', { ...VISIT, scheduledFor: '2031-01-20T13:00:00Z' });
    await until(item, ({ stage }) => stage === 'installation');
    await report(item, 'installation.started');
    await report(item, 'installation.completed', LIVE);
    await item.handle.result();
    expect(pathOf(item)).toEqual(['pending', 'accepted', 'scheduled', 'scheduled', 'in_progress', 'active']);
    const transitions = time.offergrid.control.transitions(item.itemId);
    expect(transitions.at(-1)?.metadata).toMatchObject({ workOrderId, ...LIVE });
    expect(asked(item, '/work-orders')).toBe(1);
    expect(asked(item, '/customer-contacts')).toBe(1);
    await eventually('every notice', () => told(item).length >= 5);
    expect(told(item)).toEqual([...INSTALLED, 'order.scheduled'].sort());
    await storyOf(item);
  });

  test('waiting for the activation; an event it took before is not taken again', async () => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    const started = { id: 'started', type: 'installation.started', time: new Date().toISOString(), data: {} };
    await item.handle.signal(providerEvent, started as never);
    await report(item, 'installation.completed', { note: 'Installed' });
    await until(item, ({ stage }) => stage === 'activation');
    await carriedOver(item);
    await item.handle.signal(providerEvent, started as never);
    await carriedOver(item);
    await report(item, 'service.activated', LIVE);
    await item.handle.result();
    expect(updatesOf(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'completed', 'active']);
    const story = await storyOf(item);
    expect(story.filter(({ type }) => type === 'event')).toHaveLength(3);
  });

  test('stuck on an update that the platform refused, in the middle of a walk', async () => {
    const item = await time.hear({});
    await until(item, ({ workOrderId }) => workOrderId !== null);
    refuse(item, 'in_progress');
    await report(item, 'installation.completed', LIVE);
    await until(item, ({ attention }) => attention?.code === 'offergrid_rejected_update');
    const refused = updatesOf(item).length;
    const run = await runOf(item);
    // What is no hint does not wake it: the update is sent no second time.
    while ((await runOf(item)) === run) await noted(item);
    expect((await look(item)).attention?.code).toBe('offergrid_rejected_update');
    expect(updatesOf(item)).toHaveLength(refused);
    time.offergrid.control.clearFaults();
    await command(item, { command: 'retry' });
    await item.handle.result();
    expect(updatesOf(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'in_progress', 'active']);
    expect(told(item).filter((type) => type === 'order.attention')).toHaveLength(1);
    await storyOf(item);
  });

  test('with a command that is said again for want of an answer: it is carried out once', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ attention }) => attention?.code === 'manual_review');
    const remark = { command: 'note', text: 'Said once' } as const;
    await command(item, remark, { updateId: 'a remark' });
    await command(item, { command: 'approve' }, { updateId: 'an approval' });
    await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
    await carriedOver(item);
    await command(item, remark, { updateId: 'a remark' });
    expect(await command(item, { command: 'approve' }, { updateId: 'an approval' })).toMatchObject({
      offergridStatus: 'accepted',
    });
    await expect(command(item, { command: 'approve' })).rejects.toThrow();
    await installed(item);
    const said = (await storyOf(item)).filter(({ type }) => type === 'command').map(({ note }) => note);
    expect(said).toEqual(['Said once', 'approve']);
  });

  test('stuck on a refused acceptance: it can still be rejected', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, ({ stage }) => stage === 'review');
    refuse(item, 'accepted');
    await command(item, { command: 'approve' });
    await until(item, ({ attention }) => attention?.code === 'offergrid_rejected_update');
    const run = await runOf(item);
    while ((await runOf(item)) === run) await noted(item);
    expect(updatesOf(item)).toEqual(['accepted']);
    await command(item, { command: 'reject', reason: 'No crew' });
    await item.handle.result();
    expect(updatesOf(item)).toEqual(['accepted', 'rejected']);
    expect((await look(item)).attention).toBeNull();
  });

  test('with a work order that the provider refused', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 422, path: '/work-orders' }]);
    const item = await time.hear({});
    await until(item, ({ attention }) => attention?.code === 'manual_review');
    await eventually('the contact', () => asked(item, '/customer-contacts') === 1);
    await carriedOver(item);
    await carriedOver(item);
    expect(asked(item, '/work-orders')).toBe(1);
    time.provider.control.clearFaults();
    await command(item, { command: 'retry' });
    await until(item, ({ workOrderId, attention }) => workOrderId !== null && attention === null);
    await expect(command(item, { command: 'retry' })).rejects.toThrow();
    await installed(item);
    expect(asked(item, '/work-orders')).toBe(2);
    expect(asked(item, '/customer-contacts')).toBe(1);
    expect(time.provider.control.workOrders().filter(({ itemId }) => itemId === item.itemId)).toHaveLength(1);
  });
});

test('what makes it findable goes with it', async () => {
  const item = await time.hear({ incomplete: true });
  await until(item, ({ attention }) => attention?.code === 'manual_review');
  const shown = async () => {
    const { typedSearchAttributes, staticSummary } = await item.handle.describe();
    const details: string = await item.handle
      .query('__temporal_workflow_metadata')
      .then((metadata) => (metadata as { currentDetails: string }).currentDetails);
    const attributes = Object.fromEntries(
      typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
    );
    return { attributes, summary: await staticSummary(), details };
  };
  const before = await shown();
  expect(before.details).toContain('**Stage** review');
  expect(before.attributes).toMatchObject({ OffergridStatus: 'pending', Attention: 'manual_review' });
  await carriedOver(item);
  expect(await shown()).toEqual(before);
});

test('messages that come in the moment of going over are neither lost nor taken twice', async () => {
  const item = await time.hear({});
  await until(item, ({ workOrderId }) => workOrderId !== null);
  const first = await runOf(item);
  const desk = createOperatorDesk(time.env.client);
  const SENDERS = 4;
  const EACH = 30;
  /** Milliseconds. Without a gap now and then no run could end. */
  const LONGEST_GAP = 200;
  const chance = seededChance(7);
  await Promise.all(
    Array.from({ length: SENDERS }, async (_, sender) => {
      for (let one = 0; one < EACH; one += 1) {
        if (sender % 2 === 0) await report(item, 'appointment.missed', { by: 'customer' });
        else await desk.operate(item.itemId, { command: 'note', text: `${sender}-${one}`, actor: 'dana' });
        await wait(chance() * LONGEST_GAP);
      }
    }),
  );
  await installed(item);
  const story = await storyOf(item);
  const notes = story.filter(({ type }) => type === 'command').map(({ note }) => note);
  expect(new Set(notes).size).toBe((SENDERS / 2) * EACH);
  expect(notes).toHaveLength((SENDERS / 2) * EACH);
  expect(story.filter(({ note }) => note === 'appointment.missed')).toHaveLength((SENDERS / 2) * EACH);
  expect(story.filter(({ note }) => note?.includes('appointment.missed changes nothing'))).toHaveLength(
    (SENDERS / 2) * EACH,
  );
  expect(updatesOf(item)).toEqual(['accepted', 'scheduled', 'in_progress', 'active']);
  const runs = await eventually('the list of runs', async () => {
    const ids: string[] = [];
    const query = `WorkflowId = 'fulfillment-${item.itemId}'`;
    for await (const { runId } of time.env.client.workflow.list({ query })) ids.push(runId);
    return ids.length > 2 && ids;
  });
  expect(runs).toContain(first);
});
