import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operate } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { look, until } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

/** The contract's own policy: 24 hours, warnings 12, 4 and 1 before, acknowledged after 2. */
let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime();
});
afterAll(() => time?.stop());

/** Lets the clock run, in minutes. */
const skip = (minutes: number) => time.env.sleep(minutes * 60_000);
const pathOf = (item: HeardItem) => time.offergrid.control.path(item.itemId);

/** Until it waits for what the test is about: time may be skipped only then. */
async function untilSent(item: HeardItem, type: string, count: number): Promise<number[]> {
  return await eventually(
    `${count} ${type}`,
    () => item.hoursOf(type).length >= count && item.hoursOf(type),
    {
      seen: () => time.notifications.received().filter(({ data }) => data['itemId'] === item.itemId),
    },
  );
}

const approve = (item: HeardItem) =>
  item.handle.executeUpdate(operate, { args: [{ command: 'approve', actor: 'dana' }] });

describe('an item that nobody answers', () => {
  test('is acknowledged after 2 h, warned of 12, 4 and 1 h before, breached at 24 h, and answered late', async () => {
    const item = await time.hear({ incomplete: true });
    const asked = await until(item, (view) => view.stage === 'review');
    expect(asked.sla).toMatchObject({
      state: 'on_track',
      deadline: new Date(item.createdAt + 24 * 3_600_000).toISOString(),
    });
    expect(asked.attention?.code).toBe('manual_review');

    await skip(1 * 60 + 59);
    expect(pathOf(item)).toEqual(['pending']);
    await skip(2);
    await until(item, (view) => view.offergridStatus === 'submitted_to_provider');

    await skip(9 * 60 + 58);
    expect((await look(item)).sla?.state).toBe('on_track');
    expect(item.hoursOf('sla.warning')).toEqual([]);
    await skip(2);
    const warned = await until(item, (view) => view.sla?.state === 'at_risk');
    // The question is the more urgent of the two reasons to look.
    expect(warned.attention?.code).toBe('manual_review');

    await skip(11 * 60 + 58);
    expect(await untilSent(item, 'sla.warning', 3)).toEqual([12, 20, 23]);
    expect(item.hoursOf('sla.breached')).toEqual([]);
    await skip(2);
    const breached = await until(item, (view) => view.sla?.state === 'breached');
    expect(breached.attention?.code).toBe('sla_breached');
    expect(await untilSent(item, 'sla.breached', 1)).toEqual([24]);

    await skip(1 * 60);
    await approve(item);
    const answered = await until(item, (view) => view.offergridStatus === 'accepted');
    expect(answered.sla).toMatchObject({ state: 'met_late' });
    expect(Date.parse(answered.sla!.respondedAt!) - item.createdAt).toBeGreaterThan(25 * 3_600_000);
    expect(answered.attention).toBeNull();
    expect(pathOf(item)).toEqual(['pending', 'submitted_to_provider', 'accepted']);

    await skip(48 * 60);
    expect(item.hoursOf('sla.warning')).toEqual([12, 20, 23]);
    expect(item.hoursOf('sla.breached')).toEqual([24]);
  });
});

describe('an item that is answered in time', () => {
  test('by the policy, raises no alarm afterwards', async () => {
    const item = await time.hear({});
    const view = await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
    expect(view.sla?.state).toBe('met');
    await skip(72 * 60);
    expect(item.hoursOf('sla.warning')).toEqual([]);
    expect(item.hoursOf('sla.breached')).toEqual([]);
    expect(item.hoursOf('order.accepted')).toHaveLength(1);
    expect(pathOf(item)).toEqual(['pending', 'accepted']);
  });

  test('by a person after the first warning, has that one warning', async () => {
    const item = await time.hear({ incomplete: true });
    await until(item, (view) => view.stage === 'review');
    await skip(13 * 60);
    await untilSent(item, 'sla.warning', 1);
    await item.handle.executeUpdate(operate, {
      args: [{ command: 'reject', reason: 'No crew there', actor: 'dana' }],
    });
    await item.handle.result();
    expect((await look(item)).sla?.state).toBe('met');
    await skip(24 * 60);
    expect(item.hoursOf('sla.warning')).toEqual([12]);
    expect(item.hoursOf('sla.breached')).toEqual([]);
    expect(pathOf(item)).toEqual(['pending', 'submitted_to_provider', 'rejected']);
  });
});

describe('an item heard of late', () => {
  test('after 23 h has one hour left, and one warning for those it missed', async () => {
    const item = await time.hear({ hoursAgo: 23, incomplete: true });
    const view = await until(item, ({ sla }) => sla?.state === 'at_risk');
    expect(Date.parse(view.sla!.deadline)).toBe(item.createdAt + 24 * 3_600_000);
    expect(await untilSent(item, 'sla.warning', 1)).toEqual([23]);
    await skip(58);
    expect(item.hoursOf('sla.breached')).toEqual([]);
    await skip(4);
    expect(await untilSent(item, 'sla.breached', 1)).toEqual([24]);
    expect(item.hoursOf('sla.warning')).toEqual([23]);
  });

  test('after 25 h is breached at once, without a warning, and still answered', async () => {
    const item = await time.hear({ hoursAgo: 25 });
    const view = await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
    expect(view.sla?.state).toBe('met_late');
    expect(await untilSent(item, 'sla.breached', 1)).toEqual([25]);
    expect(item.hoursOf('sla.warning')).toEqual([]);
    expect(pathOf(item)).toEqual(['pending', 'accepted']);
  });
});

describe("a provider's system that does not answer", () => {
  test('leaves the question to a person while there is time', async () => {
    time.provider.control.setFaults([{ kind: 'error', status: 503, path: '/serviceability' }]);
    const item = await time.hear({});
    await eventually('the first refusal', () =>
      time.provider.control.calls().some(({ status }) => status === 503),
    );
    await skip(31);
    const view = await until(item, ({ attention }) => attention?.code === 'availability_unknown');
    expect(view).toMatchObject({ stage: 'availability', waitingFor: 'a person' });
    time.provider.control.clearFaults();
    await item.handle.executeUpdate(operate, { args: [{ command: 'retry', actor: 'dana' }] });
    await until(item, ({ offergridStatus }) => offergridStatus === 'accepted');
  });
});
