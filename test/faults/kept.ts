import { Client as Postgres } from 'pg';
import { expect } from 'vitest';
import type { TestSystem } from '../support/test-system.js';
import type { Kind } from './kinds-of-orders.js';

interface Kept {
  stage: string;
  outcome: string | null;
  /** What its status lines say it came to, one after the other. */
  moves: string[];
  /** Its story's lines, and the number of the last one. */
  lines: number;
  last: number;
}

/** What comes when an item has ended stands behind its story, under numbers from here on. */
const AFTER_THE_STORY = 1_000_000_000;

/** Every order's row says how it ended, and its story has each move once and no gap. Returns how many rows there are. */
export async function expectKept(
  system: TestSystem,
  orders: Iterable<{ kind: Kind; itemId: string }>,
): Promise<number> {
  const kept = await keptBy(system);
  for (const { kind, itemId } of orders) {
    const { name, outcome, updates } = kind;
    const moves = ['pending', ...updates, ...(updates.at(-1) === outcome ? [] : [outcome])];
    const { last, ...of } = kept.get(itemId) ?? { last: 0 };
    expect(of, `${name}: what is kept of it`).toEqual({ stage: 'done', outcome, moves, lines: last });
  }
  return kept.size;
}

async function keptBy(system: TestSystem): Promise<Map<string, Kept>> {
  const postgres = new Postgres({ connectionString: system.env['DATABASE_URL'] });
  await postgres.connect();
  try {
    const { rows } = await postgres.query<Kept & { item_id: string }>(
      `select item_id, stage, outcome,
              array_agg(to_state order by sequence) filter (where type = 'status') as moves,
              count(sequence)::int as lines, max(sequence) as last
         from order_items left join timeline using (item_id)
        where sequence < $1
        group by item_id`,
      [AFTER_THE_STORY],
    );
    return new Map(rows.map(({ item_id, ...kept }) => [item_id, kept]));
  } finally {
    await postgres.end();
  }
}
