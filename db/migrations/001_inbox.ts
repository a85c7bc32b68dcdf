import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    create table inbox (
      id bigint generated always as identity primary key,
      received_at timestamptz not null default now(),
      source text not null,
      dedupe_key text not null unique,
      event text not null,
      item_id text,
      order_id text,
      occurred_at timestamptz,
      -- null where Postgres cannot hold what came
      body jsonb,
      state text not null check (state in ('received', 'processed', 'quarantined')),
      reason text,
      attempts integer not null default 0,
      next_attempt_at timestamptz not null default now(),
      processed_at timestamptz
    );
    create index inbox_due on inbox (next_attempt_at) where state = 'received';
    create index inbox_by_state on inbox (state, id);
    create index inbox_by_item on inbox (item_id) where item_id is not null;
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('drop table inbox');
}
