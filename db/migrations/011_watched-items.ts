import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    alter table order_items
      -- the run of its workflow that people were told of: it ended before the item, or fails
      add told_of_run text,
      -- when they were told that its answer is overdue, in its workflow's place
      add told_overdue_at timestamptz;
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('alter table order_items drop column told_of_run, drop column told_overdue_at');
}
