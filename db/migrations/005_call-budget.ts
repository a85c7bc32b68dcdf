import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    -- one row for each call that a span of time has room for; budget is a hash of the platform's address and the key
    create table call_slots (
      budget  text not null,
      span    text not null check (span in ('minute', 'hour')),
      slot    integer not null,
      free_at timestamptz not null,
      -- the lease that has it, null when its call is over
      holder  uuid,
      primary key (budget, span, slot)
    );
    create index call_slots_by_free_at on call_slots (budget, span, free_at);

    -- until when the platform asked us to send nothing
    create table call_pauses (
      budget       text primary key,
      paused_until timestamptz not null
    );
  `);
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('drop table call_pauses, call_slots');
}
