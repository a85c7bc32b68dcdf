import { readFile } from 'node:fs/promises';
import { Client as Postgres } from 'pg';
import { inject } from 'vitest';
import type { TestSystem } from '../support/test-system.js';

/**
 * Commits in the system's database so far, counted from another one. Postgres counts those of a connection that has
 * fallen idle up to ten seconds later.
 */
export async function commits(system: TestSystem): Promise<number> {
  const name = new URL(system.env['DATABASE_URL']!).pathname.slice(1);
  const postgres = new Postgres({ connectionString: inject('postgresUrl') });
  await postgres.connect();
  try {
    const { rows } = await postgres.query<{ commits: string }>(
      'select xact_commit::text as commits from pg_stat_database where datname = $1',
      [name],
    );
    return Number(rows[0]?.commits);
  } finally {
    await postgres.end();
  }
}

const TICKS_A_SECOND = 100;
const PAGES_A_MEGABYTE = 256;

/** Processor seconds and memory of the worker; Linux says, elsewhere they are not known. */
export async function used(system: TestSystem): Promise<{ seconds: number; megabytes: number }> {
  try {
    const stat = (await readFile(`/proc/${system.worker().pid}/stat`, 'utf8'))
      .replace(/^.*\) /, '')
      .split(' ');
    const [user, kernel, pages] = [stat[11], stat[12], stat[21]].map(Number);
    return {
      seconds: (user! + kernel!) / TICKS_A_SECOND,
      megabytes: Math.round(pages! / PAGES_A_MEGABYTE),
    };
  } catch {
    return { seconds: NaN, megabytes: NaN };
  }
}
