import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    -- the last time the platform did not take the key; nobody calls until ended_at is set
    create table call_stops (
      budget    text primary key,
      outage    uuid not null,
      -- 401 or 403
      status    integer not null,
      began_at  timestamptz not null,
      -- when the next read may find out whether the key works again
      probe_at  timestamptz not null,
      announced boolean not null default false,
      ended_at  timestamptz
    );
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('drop table call_stops');
}
