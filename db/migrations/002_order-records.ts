import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    create table order_items (
      -- the list's second order is the ids' own, whatever the database's language
      item_id text collate "C" primary key,
      order_id text not null,
      -- -1 until the item's workflow has written; its own numbers start later
      revision integer not null,
      stage text not null,
      outcome text,
      category text,
      offergrid_status text,
      sla_state text,
      deadline timestamptz,
      attention_code text,
      test_order boolean,
      created_at timestamptz not null,
      view jsonb not null,
      situation jsonb,
      accepted_at timestamptz,
      responded_at timestamptz,
      finished_at timestamptz,
      updated_at timestamptz not null
    );
    create index order_items_by_deadline on order_items (coalesce(deadline, 'infinity'), item_id);
    create index order_items_open on order_items (stage, coalesce(deadline, 'infinity'), item_id)
      where stage <> 'done';
    create index order_items_with_attention on order_items (coalesce(deadline, 'infinity'), item_id)
      where attention_code is not null;
    create index order_items_by_order on order_items (order_id);
    create index order_items_by_creation on order_items (created_at);

    create table timeline (
      item_id text collate "C" not null,
      sequence integer not null,
      at timestamptz not null,
      type text not null,
      from_state text,
      to_state text,
      actor text not null,
      note text,
      primary key (item_id, sequence)
    );

    create table provider_events (
      item_id text collate "C" not null,
      event_id text not null,
      content_hash text not null,
      received_at timestamptz not null default now(),
      primary key (item_id, event_id)
    );
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('drop table provider_events, timeline, order_items');
}
