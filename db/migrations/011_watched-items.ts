import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    alter table order_items
      -- what people were told of its workflow: that this run ended before the item, or fails
      add told_trouble text,
      -- when they were told that its answer is overdue, in its workflow's place
      add told_overdue_at timestamptz;
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('alter table order_items drop column told_trouble, drop column told_overdue_at');
}
