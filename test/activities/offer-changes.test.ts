import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createOfferChangeActivities } from '../../activities/offer-change-activities.js';
import { KEPT_FOR_ORDERS } from '../../activities/room-for-orders.js';
import { createCallBudget } from '../../db/call-budget.js';
import { createOfferChanges } from '../../db/offer-changes.js';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import { createOffers } from '../../db/offers.js';
import { createOffergridClient } from '../../integrations/offergrid/client.js';
import { startSandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import { createCallSlots } from '../../workers/call-slots.js';
import { offergridGate } from '../../workers/offergrid-gate.js';
import { openTestDatabase } from '../db/database.js';
import { eventually } from '../support/eventually.js';

const KEY = 'provider-key-for-the-tests';
const OFFER = {
  id: 'off-A',
  sku: 'A',
  name: 'Plan A',
  category: 'other',
  status: 'active',
  monthlyPrice: 1,
} as const;

/** The activity with ten calls a minute, one of which is kept for orders, and a change that may have got through. */
async function openUnsureChange() {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const { pool } = database;
  const offergrid = await startSandboxOffergrid({
    providerKey: KEY,
    resellerKey: 'reseller',
    offers: [OFFER],
  });
  onTestFinished(offergrid.close);
  const budget = createCallBudget({ pool, budget: 'unsure', callsPerMinute: 10, callsPerHour: 100 });
  onTestFinished(() => budget.close());
  const slots = createCallSlots(budget);
  onTestFinished(() => slots.close());
  const gate = offergridGate(budget, slots, () => {}, { keptForOrders: KEPT_FOR_ORDERS });
  const changes = createOfferChanges(pool);
  const { applyOfferChange } = createOfferChangeActivities({
    offers: createOffers(pool),
    offerSync: {
      offergrid: createOffergridClient({ baseUrl: offergrid.url, apiKey: KEY, gate }),
      ...{ changes, budget },
    },
  });
  const runs = createOfferSyncRuns(pool);
  const runId = await runs.request({ dryRun: false, skus: null });
  await runs.take(runId, 1);
  const change = {
    ...{ action: 'update' as const, sku: 'A', offerId: 'off-A', body: { monthlyPrice: 2 } },
    fields: { monthlyPrice: { from: 1, to: 2 } },
  };
  await changes.keepPlan(runId, 1, { changes: [change], unchanged: [], brake: [], only: null });
  await changes.claim(runId, 1);
  const use = async (calls: number) => {
    for (let used = 0; used < calls; used += 1) {
      const got = await budget.acquire();
      if (!('waitMs' in got)) got.answered();
    }
  };
  return {
    ...{ changes, runId, budget, use },
    apply: () =>
      new MockActivityEnvironment().run(() => slots.during(() => applyOfferChange({ runId, seq: 1 }))),
    calls: () => offergrid.control.calls().map(({ method }) => method),
  };
}

test('the look that comes before a change is sent again takes no call that is kept for orders', async () => {
  const { apply, calls, use } = await openUnsureChange();
  await use(9);
  await expect(apply()).rejects.toMatchObject({ type: 'Offergrid.kept_free' });
  expect(calls()).toEqual([]);
});

test('nor does the change after the look; it is tried again, and no attempt is used up for that', async () => {
  const { apply, calls, use, changes, runId, budget } = await openUnsureChange();
  await use(8);
  await expect(apply()).rejects.toMatchObject({ type: 'Offergrid.kept_free' });
  expect(calls()).toEqual(['GET']);
  await eventually('the last call to be free', () => budget.hasFree(KEPT_FOR_ORDERS));
  expect(await changes.claim(runId, 1)).toMatchObject({ repeated: true, attempt: 2 });
});
