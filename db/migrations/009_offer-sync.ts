import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    -- an offer is not ours to reject for want of a name
    alter table offers alter column name drop not null;

    create table offer_sync_runs (
      run_id      text primary key default gen_random_uuid(),
      dry_run     boolean not null,
      status      text not null default 'running' check
        (status in ('running', 'awaiting_approval', 'completed', 'completed_with_errors', 'stopped', 'failed')),
      -- why it waits, or why it ended otherwise than it should
      reason      text,
      -- whether the whole catalogue is still to be synced
      wants_all   boolean not null,
      -- what is in hand: the number of the pass, and whether it is for everything or for some SKUs
      pass        integer not null default 0,
      doing       text check (doing in ('everything', 'some')),
      unchanged   integer not null default 0,
      started_at  timestamptz not null default now(),
      finished_at timestamptz
    );
    -- who asks for a run while there is one joins it
    create unique index offer_sync_runs_open on offer_sync_runs (dry_run) where finished_at is null;

    -- SKUs that are to be synced before the run ends
    create table offer_sync_wanted (
      run_id text not null references offer_sync_runs on delete cascade,
      sku    text not null,
      pass   integer,
      primary key (run_id, sku)
    );

    -- the provider's catalogue as one run read it, mapped; gone once the run has its plan
    create table offer_sync_products (
      run_id   text not null references offer_sync_runs on delete cascade,
      position integer not null,
      product  jsonb not null,
      primary key (run_id, position)
    );

    create table offer_sync_changes (
      run_id   text not null references offer_sync_runs on delete cascade,
      seq      integer not null,
      sku      text,
      action   text not null check (action in ('create', 'update', 'deactivate', 'error')),
      offer_id text,
      -- what is sent
      body     jsonb,
      fields   jsonb,
      -- sending: it may have been applied, so look before it is sent again
      state    text not null check (state in ('planned', 'sending', 'applied', 'failed')),
      reason   text,
      primary key (run_id, seq)
    );
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql(`
    drop table offer_sync_changes, offer_sync_products, offer_sync_wanted, offer_sync_runs;
    update offers set name = '' where name is null;
    alter table offers alter column name set not null;
  `);
}
