import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    -- a run compares what it lists without noting it item by item
    alter table order_items drop column listed_at;
    -- when reconciliation last told the item's workflow that the platform shows it elsewhere
    alter table order_items add column hinted_at timestamptz;
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql(`
    alter table order_items drop column hinted_at;
    alter table order_items add column listed_at timestamptz;
  `);
}
