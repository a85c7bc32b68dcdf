import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    create table offers (
      offer_id text primary key,
      name text not null,
      category text,
      sku text,
      status text,
      monthly_price numeric,
      raw jsonb not null,
      fetched_at timestamptz not null default now()
    );
    create index offers_by_sku on offers (sku) where sku is not null;
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('drop table offers');
}
