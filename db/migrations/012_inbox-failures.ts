import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    -- attempts that the row itself failed; the other attempts ended with the process that had it in hand
    alter table inbox add column failures integer not null default 0;
    update inbox set failures = attempts where state = 'received';
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('alter table inbox drop column failures');
}
