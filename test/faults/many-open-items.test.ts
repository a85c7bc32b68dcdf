import { setTimeout as wait } from 'node:timers/promises';
import { Client as Postgres } from 'pg';
import { expect, onTestFinished } from 'vitest';
import type { Comparison } from '../../domain/activities.js';
import { fulfillmentWorkflowId, RECONCILE_SCHEDULE } from '../../domain/workflow-names.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { experiment } from './experiment.js';
import { used } from './resource-use.js';

/** `open`: items that we and the platform agree on. `drifted`: accepted with us, cancelled there. `fresh`: not with us. */
experiment<{ open: number; drifted: number; fresh: number }>({
  name: 'reconciliation of many open items',
  passes: 'tells those that drifted, starts those nobody knew, and nobody else',
  small: { open: 60, drifted: 3, fresh: 2 },
  full: { open: 10_000, drifted: 30, fresh: 20 },
  defect: {
    what: 'items that are where we have them are told too',
    file: 'db/reconciliation.js',
    replace: '!listed.delete(itemId) && tell',
    by: '(listed.delete(itemId), tell)',
    seen: /what the run found/,
  },
  run: async ({ size, programs, patience }) => {
    const system = await startTestSystem({ programs, policy: { reconcileEvery: '1h' } });
    onTestFinished(() => system.stop());
    const { control } = system.offergrid;
    control.setWebhook(null);
    await eventually('the first reconciliation', () => control.calls().length === 6, { within: patience });

    const place = (count: number) =>
      Array.from({ length: count }, () => control.placeOrder().items[0]!.itemId);
    const [open, drifted, fresh] = [place(size.open), place(size.drifted), place(size.fresh)];
    for (const itemId of open) control.setStatus(itemId, 'accepted');
    for (const itemId of drifted) control.setStatus(itemId, 'cancelled');
    await believeAccepted(system, [...open, ...drifted]);

    const before = { ...(await used(system)), at: performance.now() };
    const found = await reconcile(system, patience);
    const seconds = (performance.now() - before.at) / 1_000;
    const after = await used(system);
    expect(found, 'what the run found').toEqual({
      listed: size.open + size.fresh,
      started: size.fresh,
      hinted: size.drifted,
    } satisfies Comparison);

    const expected = [...drifted, ...fresh].map(fulfillmentWorkflowId).sort();
    const runs = async () => {
      const ids: string[] = [];
      const query = 'WorkflowType = "fulfillOrderItem"';
      for await (const { workflowId } of system.client.workflow.list({ query })) ids.push(workflowId);
      return ids.sort();
    };
    await eventually('their workflows', async () => (await runs()).length >= expected.length, {
      within: patience,
    });
    expect(await runs()).toEqual(expected);

    const again = await reconcile(system, patience);
    // The fresh ones are on the move, and may be a moment ahead of what is written of them.
    expect(again.hinted, 'told again').toBeLessThanOrEqual(size.fresh);
    return {
      'items on either side': size.open,
      'started and told': `${found.started}, ${found.hinted}`,
      'seconds of the run': seconds.toFixed(1),
      "worker's processor seconds": (after.seconds - before.seconds).toFixed(1),
      'worker memory before and after': `${before.megabytes} MB, ${after.megabytes} MB`,
    };
  },
});

/** One more run of the schedule, and what it found. */
async function reconcile(system: TestSystem, within: number): Promise<Comparison> {
  const schedule = system.client.schedule.getHandle(RECONCILE_SCHEDULE);
  const runs = async () =>
    (await schedule.describe()).info.recentActions.map(({ action }) => action.workflow.workflowId);
  // Runs are named by the second: one that began in the same as the last could not be told from it.
  await wait(1_500);
  const before = new Set(await runs());
  const workflowId = await eventually(
    'another run',
    async () => {
      // A run that is still going is joined by none.
      await schedule.trigger();
      await wait(1_500);
      return (await runs()).find((id) => !before.has(id));
    },
    { within },
  );
  return (await system.client.workflow.getHandle(workflowId).result()) as Comparison;
}

/** Rows as their workflows would have written them some time ago. */
async function believeAccepted(system: TestSystem, itemIds: string[]): Promise<void> {
  const postgres = new Postgres({ connectionString: system.env['DATABASE_URL'] });
  await postgres.connect();
  try {
    await postgres.query(
      `insert into order_items (item_id, order_id, revision, stage, offergrid_status, created_at, updated_at, view)
       select item_id, 'order', 3, 'scheduling', 'accepted', now(), '2025-01-01', '{}' from unnest($1::text[]) as item_id`,
      [itemIds],
    );
  } finally {
    await postgres.end();
  }
}
