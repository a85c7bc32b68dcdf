import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { operate } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { look } from '../support/item-view.js';
import { startSkippedTime, type HeardItem, type SkippedTime } from '../support/skipped-time.js';

let time: SkippedTime;
beforeAll(async () => {
  // An hour, so that the platform is not asked in vain for a whole day.
  time = await startSkippedTime({
    response: { deadline: '1h', warnBefore: ['40m', '20m', '10m'] },
    acknowledgeAfter: null,
  });
});
afterAll(() => time?.stop());
afterEach(() => {
  time.offergrid.control.clearFaults();
  time.provider.control.clearFaults();
});

const reject = (item: HeardItem) =>
  item.handle.executeUpdate(operate, { args: [{ command: 'reject', reason: 'No crew', actor: 'dana' }] });

/** An order whose offer has been asked for in vain. */
async function heardWithoutItsOffer(offerId: string): Promise<HeardItem> {
  time.offergrid.control.setFaults([{ kind: 'error', status: 503, path: '/provider/offers/*' }]);
  const item = await time.hear({ offerId });
  const isRefused = () =>
    time.offergrid.control
      .calls()
      .some(({ path, status }) => path === `/provider/offers/${offerId}` && status === 503);
  await eventually('a refused call', isRefused);
  return item;
}

test('warnings that passed while the item could not be read are one', async () => {
  time.offergrid.control.setFaults([{ kind: 'error', status: 503, path: '/provider/orders/*' }]);
  const item = await time.hear({ incomplete: true });
  await time.env.sleep('44m');
  time.offergrid.control.clearFaults();
  await time.env.sleep('5m');
  await eventually('the warning', () => item.hoursOf('sla.warning').length > 0);
  expect(item.hoursOf('sla.warning')).toHaveLength(1);
  await reject(item);
  await item.handle.result();
});

test('an offer that cannot be read keeps neither the alarms nor a person waiting', async () => {
  const item = await heardWithoutItsOffer('off-sec-1');
  await time.env.sleep('65m');
  await eventually('the breach', () => item.hoursOf('sla.breached').length === 1, { within: 5_000 });
  expect(item.hoursOf('sla.breached')).toEqual([1]);
  await reject(item);
  await item.handle.result();
  expect(time.offergrid.control.path(item.itemId)).toEqual(['pending', 'rejected']);
});

test('an offer that cannot be read is done without when the deadline comes near, and what follows waits for it', async () => {
  const item = await heardWithoutItsOffer('off-ins-1');
  await time.env.sleep('25m');
  await eventually(
    'a person to be asked',
    async () => (await look(item)).attention?.code === 'manual_review',
  );
  expect((await look(item)).attention?.message).toContain('cannot be read');
  expect(item.hoursOf('sla.breached')).toEqual([]);
  const approve = () => item.handle.executeUpdate(operate, { args: [{ command: 'approve', actor: 'dana' }] });
  await approve();
  // Nor can their own system tell, of an offer that nobody knows.
  await eventually('the next question', async () => (await look(item)).stage === 'availability');
  await eventually('it to be a person’s', async () => (await look(item)).waitingFor === 'a person');
  await approve();
  await eventually('the answer', () => time.offergrid.control.path(item.itemId).includes('accepted'), {
    seen: () => look(item),
  });
  await eventually('it to show', async () => (await look(item)).offergridStatus === 'accepted');
  const asked = () =>
    time.provider.control
      .calls()
      .filter(({ body }) => (body as { itemId?: string } | undefined)?.itemId === item.itemId)
      .map(({ path }) => path);
  await time.env.sleep('5m');
  expect(asked()).toEqual(['/serviceability']);
  // It is insurance: nothing is installed.
  time.offergrid.control.clearFaults();
  await time.env.sleep('10m');
  await eventually('the end', async () => (await look(item)).outcome === 'active', {
    seen: async () => ({ view: await look(item), asked: asked() }),
  });
  expect(asked()).toEqual(['/serviceability', '/activations']);
});

test('an item that the platform does not show yet is asked for again', async () => {
  time.offergrid.control.setFaults([{ kind: 'error', status: 404, path: '/provider/orders/*' }]);
  const item = await time.hear({});
  await eventually('the attention', async () => (await look(item)).attention?.code === 'drift');
  time.offergrid.control.clearFaults();
  await time.env.sleep('1h');
  await eventually('the answer', () => time.offergrid.control.path(item.itemId).includes('accepted'), {
    within: 5_000,
    seen: () => look(item),
  });
  expect((await look(item)).attention).toBeNull();
});

test("close to the deadline the provider's system has less time to answer", async () => {
  time.provider.control.setFaults([{ kind: 'error', status: 503, path: '/serviceability' }]);
  const item = await time.hear({ hoursAgo: 0.85 });
  await eventually('a refused call', () =>
    time.provider.control.calls().some(({ status }) => status === 503),
  );
  await time.env.sleep('8m');
  const asked = async () => (await look(item)).waitingFor === 'a person';
  await eventually('the question', asked, { within: 5_000, seen: () => look(item) });
  expect(item.hoursOf('sla.breached')).toEqual([]);
  await reject(item);
  await item.handle.result();
});
