import { setTimeout as wait } from 'node:timers/promises';
import { Router } from 'express';
import type { OfferSyncReports } from '../../db/offer-sync-reports.js';
import type { OfferSyncRuns } from '../../db/offer-sync-runs.js';
import { isOver, type OfferSyncDecision, type OfferSyncReport } from '../../domain/offer-sync-run.js';
import { only } from '../middleware/problem-handler.js';
import { bytesOf } from '../middleware/raw-body.js';
import type { RequireScope } from '../middleware/require-scope.js';
import { Problem, unavailable } from '../problem.js';
import { parseApproval, parseProductsChanged, parseSyncRequest } from '../schemas/offer-sync.js';
import type { SyncDesk } from '../sync-desk.js';

export interface OfferSyncParts {
  runs: OfferSyncRuns;
  reports: OfferSyncReports;
  desk: SyncDesk;
  nudge: (dryRun: boolean) => Promise<void>;
}

/** A run that was just asked for is in some worker's hand soon; a person is not kept waiting longer for that. */
const IN_HAND_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** Keeping the offers in step with the provider's products: asking for it, looking on, deciding. */
export function offerSyncRoutes(parts: { requireScope: RequireScope; offerSync: OfferSyncParts }): Router {
  const { requireScope, offerSync } = parts;
  const { runs, reports, desk, nudge } = offerSync;
  const allowed = requireScope('offers:sync');

  const request = async (wanted: { dryRun: boolean; skus: string[] | null }): Promise<{ runId: string }> => {
    const runId = await runs.request(wanted);
    await nudge(wanted.dryRun);
    return { runId };
  };
  const report = async (runId: string): Promise<OfferSyncReport> => {
    const found = await reports.report(runId);
    if (found === null) throw new Problem(404, 'There is no such run.');
    return found;
  };
  const openRun = async (runId: string): Promise<OfferSyncReport> => {
    const run = await report(runId);
    if (isOver(run.status)) throw new Problem(409, `It cannot apply: the run is over (${run.status}).`);
    return run;
  };
  const decide = async (runId: string, decision: OfferSyncDecision): Promise<OfferSyncReport> => {
    const giveUpAt = performance.now() + IN_HAND_MS;
    for (;;) {
      const run = await openRun(runId);
      const result = await desk.decide(run, decision);
      switch (result.kind) {
        case 'decided':
          return await report(runId);
        case 'refused':
          throw new Problem(409, `It cannot apply: ${result.why}.`);
        case 'unanswered':
          throw unavailable('No worker answered in time; the decision may still be acted upon.');
        case 'not_in_hand':
          if (performance.now() > giveUpAt) throw unavailable('The run is not under way yet: try again.');
          await nudge(run.dryRun);
          await wait(LOOK_EVERY_MS);
          break;
        default:
          return result satisfies never;
      }
    }
  };

  const router = Router();
  router
    .route('/v1/offers/sync')
    .post(allowed, async (req, res) => {
      const { dryRun } = parseSyncRequest(bytesOf(req));
      res.status(202).json(await request({ dryRun, skus: null }));
    })
    .all(only('POST'));
  router
    .route('/v1/offers/products-changed')
    .post(allowed, async (req, res) => {
      const { skus } = parseProductsChanged(bytesOf(req));
      res.status(202).json(await request({ dryRun: false, skus }));
    })
    .all(only('POST'));
  router
    .route('/v1/offers/sync/:runId')
    .get(allowed, async (req, res) => void res.json(await report(req.params.runId)))
    .all(only('GET'));
  router
    .route('/v1/offers/sync/:runId/approve')
    .post(allowed, async (req, res) => {
      const { plan: seen } = parseApproval(bytesOf(req));
      const { runId } = req.params;
      // Read once: a plan that is made while this goes on is one that nobody has seen.
      const plan = seen ?? (await openRun(runId)).plan;
      if (plan === null) throw new Problem(409, 'It cannot apply: the run does not wait for approval.');
      res.json(await decide(runId, { decision: 'approve', plan }));
    })
    .all(only('POST'));
  router
    .route('/v1/offers/sync/:runId/stop')
    .post(allowed, async (req, res) => void res.json(await decide(req.params.runId, { decision: 'stop' })))
    .all(only('POST'));
  return router;
}
