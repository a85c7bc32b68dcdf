import { setTimeout as wait } from 'node:timers/promises';
import { toCliConfig } from '../../config/to-config.js';
import type { RawEnv } from '../../config/read-env.js';
import { createOfferSyncReports, type OfferSyncReports } from '../../db/offer-sync-reports.js';
import { createOfferSyncRuns } from '../../db/offer-sync-runs.js';
import type { OfferSyncReport, OfferSyncRun, ReportedChange } from '../../domain/offer-sync-run.js';
import { CommandFailed, table, type Command, type Told } from '../command.js';
import { withDatabase } from '../database.js';

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
      const reports = createOfferSyncReports(pool);
      const report = await settled(reports, runId);
      return told(report);
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
async function settled(reports: OfferSyncReports, runId: string): Promise<OfferSyncReport> {
  for (;;) {
    const run = await reports.progress(runId);
    if (run !== null && process.stderr.isTTY) process.stderr.write(`\r${counts(run)} …\u001b[K`);
    if (run?.status !== 'running') {
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      const report = await reports.report(runId);
      if (report === null) throw new CommandFailed(`Run ${runId} is gone.`);
      return report;
    }
    await wait(LOOK_EVERY_MS);
  }
}

function told(report: OfferSyncReport): Told {
  const { runId, status, reason, changes } = report;
  const rows = changes.map(({ sku, action, fields, reason: why }) => [sku, action, why ?? inWords(fields)]);
  const head = `Run ${runId}: ${status}${reason === null ? '' : `, ${reason}`}.`;
  const list = rows.length === 0 ? [] : ['', table([['SKU', 'ACTION', 'CHANGE'], ...rows])];
  const failure = failureOf(report);
  return {
    text: [head, counts(report), ...list].join('\n'),
    json: report,
    ...(failure === undefined ? {} : { failure }),
  };
}

function failureOf({ runId, status, reason }: OfferSyncRun): string | undefined {
  if (status === 'awaiting_approval')
    return `Nothing is sent yet, the run waits for approval: ${reason}. POST /v1/offers/sync/${runId}/approve or /stop`;
  if (status === 'failed' || status === 'stopped') return `The run ${status}: ${reason}`;
  return undefined;
}

function counts(run: OfferSyncRun): string {
  const { created, updated, deactivated, unchanged, failed } = run;
  const would = run.dryRun ? 'would be ' : '';
  return (
    `${would}created ${created}, updated ${updated}, deactivated ${deactivated}, ` +
    `unchanged ${unchanged}, failed ${failed}`
  );
}

function inWords(fields: ReportedChange['fields']): string {
  return Object.entries(fields ?? {})
    .map(([name, { from, to }]) => `${name}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`)
    .join(', ');
}
