import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProviderEvent } from '../../domain/provider-event.js';
import { providerEvent } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { look } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({ noShow: { maxReschedules: 0 } });
});
afterAll(() => time?.stop());

const becomes = (item: HeardItem, status: string) =>
  eventually(status, async () => (await look(item)).offergridStatus === status, { seen: () => look(item) });

const visit = (at: string): ProviderEvent => ({
  ...{ id: 'visit', type: 'appointment.scheduled', time: at },
  data: { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' },
});
const missed = (at: string): ProviderEvent => ({
  ...{ id: 'missed', type: 'appointment.missed', time: at, data: { by: 'customer' } },
});

async function accepted(): Promise<HeardItem> {
  const item = await time.hear({});
  await becomes(item, 'accepted');
  return item;
}

test('a visit that is reported missed before its appointment was missed all the same', async () => {
  const item = await accepted();
  await item.handle.signal(providerEvent, missed('2031-01-15T18:00:00Z'));
  await item.handle.signal(providerEvent, visit('2031-01-10T09:00:00Z'));
  await becomes(item, 'scheduled');
  await eventually('the miss', async () => (await look(item)).attention?.code === 'no_show', {
    seen: () => look(item),
  });
  expect(await look(item)).toMatchObject({
    stage: 'scheduling',
    waitingFor: 'a new appointment from the field-service system',
  });
});

test('an appointment that was made after the miss is another, and stands', async () => {
  const item = await accepted();
  await item.handle.signal(providerEvent, missed('2031-01-10T09:00:00Z'));
  await item.handle.signal(providerEvent, visit('2031-01-12T09:00:00Z'));
  await becomes(item, 'scheduled');
  await item.handle.signal(providerEvent, {
    ...{ id: 'note', type: 'availability.confirmed', time: '2031-01-13T09:00:00Z', data: {} },
  });
  await eventually('what came last', async () => (await look(item)).attention?.code === 'drift');
  expect(await look(item)).toMatchObject({ stage: 'installation', waitingFor: 'the technician to start' });
});
