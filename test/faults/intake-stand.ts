import { Client } from '@temporalio/client';
import { inject, onTestFinished } from 'vitest';
import { migrate } from '../../db/migrate.js';
import { startProcess, type RunningProcess } from '../../sandbox/stack/child-process.js';
import { freePort } from '../../sandbox/stack/free-port.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { ADMIN_KEY, SECRET } from '../api/harness.js';
import { ownNamespace } from '../support/own-namespace.js';

export interface ApiProcess {
  url: string;
  process: RunningProcess;
}

/** API processes with no worker behind them: what intake starts stays as it was started, to be counted. */
export interface IntakeStand {
  client: Client;
  /** On a port of its own, or on one given up by another. */
  startApi(env?: Record<string, string>, port?: number): Promise<ApiProcess>;
  /** Items for which a workflow was started, however often it was tried. */
  startedItems(): Promise<Set<string>>;
}

/** On the Temporal that all tests share, in a namespace of its own; ends with the test. `databaseUrl`: empty. */
export async function startIntakeStand(programs: string, databaseUrl: string): Promise<IntakeStand> {
  const address = inject('temporalAddress');
  const { namespace, connection, remove } = await ownNamespace(address);
  onTestFinished(remove);
  await migrate(databaseUrl);
  const client = new Client({ connection, namespace });
  return {
    client,
    startApi: async (more = {}, at) => {
      const port = at ?? (await freePort());
      const url = `http://127.0.0.1:${port}`;
      const env = {
        DATABASE_URL: databaseUrl,
        TEMPORAL_ADDRESS: address,
        TEMPORAL_NAMESPACE: namespace,
        OFFERGRID_WEBHOOK_SECRET: SECRET,
        ADMIN_API_KEY: ADMIN_KEY,
        PORT: String(port),
        LOG_LEVEL: 'error',
        SHUTDOWN_GRACE: '5s',
        ...more,
      };
      const process = await startProcess({
        ...{ name: 'api', args: [`${programs}/api/main.js`], env, cwd: projectRoot() },
        readyUrl: `${url}/readyz`,
      });
      onTestFinished(async () => void (await process.stop()));
      return { url, process };
    },
    startedItems: async () => {
      const items = new Set<string>();
      for await (const { workflowId } of client.workflow.list())
        items.add(workflowId.replace('fulfillment-', ''));
      return items;
    },
  };
}
