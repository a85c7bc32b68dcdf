import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOrderRecords, type OrderRecords } from '../../db/order-records.js';
import type { SlaState } from '../../domain/response-deadline.js';
import type { Outcome } from '../../domain/stage.js';
import { openTestDatabase, type TestDatabase } from './database.js';
import { transitionOf, viewOf } from './transitions.js';

let database: TestDatabase;
let records: OrderRecords;
beforeAll(async () => {
  database = await openTestDatabase();
  records = createOrderRecords(database.pool);
});
afterAll(() => database.close());

const CREATED = '2025-03-01T00:00:00.000Z';
const after = (seconds: number) => new Date(Date.parse(CREATED) + seconds * 1_000).toISOString();
const DAY = 86_400;

/** Seconds after creation; null where it did not come to that. */
const TABLE: { outcome: Outcome | null; accepted: number | null; finished: number | null; sla: SlaState }[] =
  [
    { outcome: 'active', accepted: 10, finished: 10 + 2 * DAY, sla: 'met' },
    { outcome: 'completed', accepted: 20, finished: 20 + 4 * DAY, sla: 'met' },
    { outcome: 'failed', accepted: 30, finished: 30 + DAY, sla: 'met_late' },
    { outcome: null, accepted: 40, finished: null, sla: 'met' },
    { outcome: 'rejected', accepted: null, finished: 50, sla: 'met' },
    { outcome: 'cancelled', accepted: null, finished: 60, sla: 'void' },
    { outcome: null, accepted: null, finished: null, sla: 'breached' },
  ];

test('nothing to divide by is null', async () => {
  expect(await records.report(null, null)).toEqual({
    acceptanceRate: null,
    timeToAccept: { p50: null, p90: null, p99: null },
    completionRate: null,
    averageFulfillmentDays: null,
    slaMet: 0,
    slaBreached: 0,
    counts: {
      received: 0,
      open: 0,
      accepted: 0,
      rejected: 0,
      cancelled: 0,
      failed: 0,
      completed: 0,
      active: 0,
    },
  });
});

test('figures over the items created in the range', async () => {
  for (const [at, row] of TABLE.entries()) {
    const view = viewOf(`item-${at}`, {
      stage: row.outcome === null ? 'decision' : 'done',
      outcome: row.outcome,
      createdAt: CREATED,
      sla: { state: row.sla, deadline: after(DAY), respondedAt: null },
    });
    await records.record(
      transitionOf(view, {
        milestones: {
          acceptedAt: row.accepted === null ? null : after(row.accepted),
          finishedAt: row.finished === null ? null : after(row.finished),
        },
      }),
    );
  }
  await records.record(transitionOf(viewOf('elsewhen', { createdAt: after(-1) })));

  const report = await records.report(CREATED, after(1));
  expect(report).toEqual({
    acceptanceRate: 4 / 5,
    timeToAccept: { p50: 25, p90: expect.closeTo(37, 6) as number, p99: expect.closeTo(39.7, 6) as number },
    completionRate: 2 / 4,
    averageFulfillmentDays: 3,
    slaMet: 4,
    slaBreached: 2,
    counts: {
      received: 7,
      open: 2,
      accepted: 4,
      rejected: 1,
      cancelled: 1,
      failed: 1,
      completed: 1,
      active: 1,
    },
  });
  expect((await records.report(after(1), null)).counts.received).toBe(0);
  expect((await records.report(null, CREATED)).counts.received).toBe(1);
});
