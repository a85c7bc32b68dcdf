import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    -- events of the provider's systems that wait for delivery; those of one item go out one after the other
    create index inbox_kept_events on inbox (item_id, id) where state = 'received' and source = 'provider';
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('drop index inbox_kept_events');
}
