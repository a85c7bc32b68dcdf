import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    -- calls that were answered 403: one that is refused again though the key works is forbidden by itself
    create table forbidden_calls (
      budget     text not null,
      -- method and path, hashed: ids may be long
      call       text not null,
      first_at   timestamptz not null,
      last_at    timestamptz not null,
      primary key (budget, call)
    );
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('drop table forbidden_calls');
}
