import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    alter table offer_sync_runs
      -- how far the catalogue is read: for which pass, so many products, and where the next page is
      add read_pass     integer not null default 0,
      add read_products integer not null default 0,
      add read_next     text,
      add read_at       timestamptz,
      -- the last pass that has a plan, which changes it has to send, and why a person should look first
      add planned_pass  integer not null default 0,
      add first_seq     integer not null default 1,
      add last_seq      integer not null default 0,
      add brake         text[] not null default '{}',
      -- the highest number that was ever given to a change: one that comes late must not be taken for another
      add numbered      integer not null default 0,
      -- SKUs that needed nothing; only their number is kept when the run is over
      add unchanged_skus text[] not null default '{}';
    update offer_sync_runs as run set planned_pass = pass, numbered =
      (select coalesce(max(seq), 0) from offer_sync_changes as change where change.run_id = run.run_id);

    alter table offer_sync_changes
      -- how often it was tried
      add attempts integer not null default 0,
      drop constraint offer_sync_changes_action_check,
      add constraint offer_sync_changes_action_check
        check (action in ('create', 'update', 'deactivate', 'skip', 'error')),
      drop constraint offer_sync_changes_state_check,
      add constraint offer_sync_changes_state_check
        check (state in ('planned', 'sending', 'applied', 'skipped', 'failed'));

    -- what a person saw of a run and let go on; gone with its end
    create table offer_sync_approved (
      run_id text not null references offer_sync_runs on delete cascade,
      sku    text not null,
      fields jsonb not null,
      primary key (run_id, sku)
    );
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql(`
    drop table offer_sync_approved;
    delete from offer_sync_changes where action = 'skip';
    alter table offer_sync_changes
      drop column attempts,
      drop constraint offer_sync_changes_action_check,
      add constraint offer_sync_changes_action_check check (action in ('create', 'update', 'deactivate', 'error')),
      drop constraint offer_sync_changes_state_check,
      add constraint offer_sync_changes_state_check check (state in ('planned', 'sending', 'applied', 'failed'));
    alter table offer_sync_runs
      drop column read_pass, drop column read_products, drop column read_next, drop column read_at,
      drop column planned_pass, drop column first_seq, drop column last_seq, drop column brake,
      drop column numbered, drop column unchanged_skus;
  `);
}
