import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    -- when the platform last listed the item in an open status
    alter table order_items add column listed_at timestamptz;
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('alter table order_items drop column listed_at');
}
