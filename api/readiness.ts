import type { Client } from '@temporalio/client';
import type { Pool } from '../db/pool.js';
import { within } from './deadline.js';

const PROBE_MS = 1_300;

export type Health = 'up' | 'down';

export interface Readiness {
  status: 'ok' | 'unavailable';
  dependencies: { postgres: Health; temporal: Health };
}

/** Ready while a webhook could be stored somewhere: either dependency will do. Answers within 1.5 s. */
export function createReadiness(pool: Pool, client: Client): () => Promise<Readiness> {
  const postgres = () => pool.query('select 1 from inbox limit 1');
  const temporal = () =>
    client.withDeadline(Date.now() + PROBE_MS, () =>
      client.connection.workflowService.describeNamespace({ namespace: client.options.namespace }),
    );
  return async () => {
    const [p, t] = await Promise.all([probe(postgres), probe(temporal)]);
    return {
      status: p === 'up' || t === 'up' ? 'ok' : 'unavailable',
      dependencies: { postgres: p, temporal: t },
    };
  };
}

async function probe(ask: () => Promise<unknown>): Promise<Health> {
  try {
    await within(PROBE_MS, ask());
    return 'up';
  } catch {
    return 'down';
  }
}
