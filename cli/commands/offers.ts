import { setTimeout as wait } from 'node:timers/promises';
import { toCliConfig } from '../../config/to-config.js';
import type { RawEnv } from '../../config/read-env.js';
import { createOfferSyncProgress } from '../../db/offer-sync-progress.js';
import { createOfferSyncReports } from '../../db/offer-sync-reports.js';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import type { Pool } from '../../db/pool.js';
import type { OfferSyncReport, OfferSyncRun } from '../../domain/offer-sync-run.js';
import { CommandFailed, type Command, type Told } from '../command.js';
import { withDatabase } from '../database.js';
import { createSyncProgress } from '../sync-progress.js';
import { syncReport } from '../sync-report.js';

const LOOK_EVERY_MS = 500;

export const offersSyncCommand: Command = {
  name: 'offers sync',
  operands: [],
  options: { 'dry-run': { type: 'boolean' } },
  summary: "bring the offers in step with the provider's products; --dry-run only says what would change",
  run: (env, _, options) =>
    withDatabase(env, async (pool) => {
      const dryRun = options['dry-run'] === true;
      const { provider } = toCliConfig(env, ['provider']);
      if (provider === undefined)
        throw new CommandFailed('No products system is connected: PROVIDER_API_URL is not set.');
      const runId = await createOfferSyncRuns(pool).request({ dryRun, skus: null });
      await nudge(env, dryRun);
      return told(await settled(pool, runId));
    }),
};

async function nudge(env: RawEnv, dryRun: boolean): Promise<void> {
  // Slow to load, and of no use to the other commands.
  const { Client, Connection } = await import('@temporalio/client');
  const { offerSyncNudge } = await import('../../integrations/temporal/offer-sync-starter.js');
  const { encryptingConverter } = await import('../../integrations/temporal/payload-encryption.js');
  const { temporal, encryptionKeys } = toCliConfig(env, []);
  const dataConverter = encryptingConverter(encryptionKeys);
  const connection = await Connection.connect(temporal.connection);
  try {
    const client = new Client({
      connection,
      namespace: temporal.namespace,
      ...(dataConverter === undefined ? {} : { dataConverter }),
    });
    await offerSyncNudge(client)(dryRun);
  } finally {
    await connection.close();
  }
}

/** The run once it is over or waits for a person; meanwhile people see how far it is. */
async function settled(pool: Pool, runId: string): Promise<OfferSyncReport> {
  const reports = createOfferSyncReports(pool);
  const changes = createOfferSyncProgress(pool);
  const progress = createSyncProgress(process.stderr);
  try {
    for (;;) {
      const run = await reports.progress(runId);
      if (run?.status !== 'running') {
        const report = await reports.report(runId);
        if (report === null) throw new CommandFailed(`Run ${runId} is gone.`);
        return report;
      }
      progress.show(run, await changes(runId));
      await wait(LOOK_EVERY_MS);
    }
  } finally {
    progress.end();
  }
}

function told(report: OfferSyncReport): Told {
  const failure = failureOf(report);
  return { text: syncReport(report), json: report, ...(failure === undefined ? {} : { failure }) };
}

function failureOf({ runId, status, reason, plan }: OfferSyncRun): string | undefined {
  if (status === 'awaiting_approval')
    return `Nothing is sent yet, the run waits for approval: ${reason}. POST /v1/offers/sync/${runId}/approve with {"plan": ${plan}}, or /stop`;
  if (status === 'failed' || status === 'stopped') return `The run ${status}: ${reason}`;
  return undefined;
}
