import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createOffergridActivities } from '../../activities/offergrid-activities.js';
import { createOffergridClient } from '../../integrations/offergrid/client.js';
import { startSandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';

/* A visit is told, and an earlier attempt may have got through: what the platform shows of it decides. */

const NOTE = 'The visit was moved to Thursday.';
const DATE = '2031-01-15T13:00:00Z';
const UPDATE = { status: 'scheduled', providerNotes: NOTE, scheduledFor: DATE, metadata: {} } as const;

interface Shown {
  scheduledFor?: string | null;
  providerNotes?: string | null;
}

/** Tells it, where `from` is shown with these fields; what became of it, and how often the platform was sent it. */
async function tell(from: 'accepted' | 'scheduled', fields: Shown, status?: number) {
  const offergrid = await startSandboxOffergrid({ providerKey: 'key', resellerKey: 'reseller' });
  onTestFinished(() => offergrid.close());
  const { control, url: baseUrl } = offergrid;
  const { itemId } = control.placeOrder().items[0]!;
  control.setStatus(itemId, 'scheduled', { by: 'platform' });
  const path = `/provider/orders/${itemId}`;
  const answer = await fetch(`${baseUrl}${path}`, { headers: { 'x-api-key': 'key' } });
  const { scheduledFor: _date, providerNotes: _note, ...item } = (await answer.json()) as Shown;
  control.setFaults([
    { kind: 'error', status: 200, body: { ...item, ...fields }, method: 'GET', path },
    { kind: 'error', status: status ?? 200, body: {}, method: 'PATCH', path: `${path}/status` },
  ]);
  const { updateStatus } = createOffergridActivities({
    offergrid: createOffergridClient({ baseUrl, apiKey: 'key' }),
    offers: { upsert: () => Promise.resolve() },
  });
  const result = await new MockActivityEnvironment().run(updateStatus, {
    ...{ itemId, from, update: UPDATE, repeated: true },
  });
  return { result, sent: control.calls().filter(({ method }) => method === 'PATCH').length };
}

test.each<[string, 'accepted' | 'scheduled', Shown, number]>([
  ['moved, shown in the same words', 'scheduled', { scheduledFor: DATE, providerNotes: NOTE }, 0],
  ['moved, shown in other words', 'scheduled', { scheduledFor: DATE, providerNotes: 'On Tuesday.' }, 1],
  [
    'moved, shown with another date',
    'scheduled',
    { scheduledFor: '2031-01-09T13:00:00Z', providerNotes: NOTE },
    1,
  ],
  ['moved, shown without words', 'scheduled', { scheduledFor: DATE }, 1],
  ['moved, shown without a date', 'scheduled', { providerNotes: NOTE }, 1],
  ['moved, neither shown', 'scheduled', {}, 1],
  ['made, shown with its date', 'accepted', { scheduledFor: DATE }, 0],
  ['made, neither shown', 'accepted', {}, 0],
  ['made, shown with another date', 'accepted', { scheduledFor: '2031-01-09T13:00:00Z' }, 1],
])('%s', async (_what, from, shown, sent) => {
  expect(await tell(from, shown)).toEqual({ result: { kind: 'applied' }, sent });
});

test.each<[string, Shown, object]>([
  ['neither is shown: it is refused', {}, { kind: 'refused', httpStatus: 409 }],
  ['another date is shown: it is refused', { scheduledFor: '2031-01-09T13:00:00Z' }, { kind: 'refused' }],
  ['the date is shown: it got through before', { scheduledFor: DATE }, { kind: 'applied' }],
])('moved, and refused the second time where %s', async (_what, shown, result) => {
  expect(await tell('scheduled', shown, 409)).toMatchObject({ result, sent: 1 });
});
