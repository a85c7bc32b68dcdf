import { createOrderRecords } from '../../db/order-records.js';
import type { OrderView } from '../../domain/order-view.js';
import { STAGES, type Stage } from '../../domain/stage.js';
import { CommandFailed, table, WrongUsage, type Command } from '../command.js';
import { withDatabase } from '../database.js';

const MOST = 200;

export const ordersListCommand: Command = {
  name: 'orders list',
  operands: [],
  options: { stage: { type: 'string' } },
  summary: `items by deadline, the first ${MOST}; --stage ${STAGES.join('|')}`,
  run: (env, _, { stage }) =>
    withDatabase(env, async (pool) => {
      if (stage !== undefined && !isStage(stage))
        throw new WrongUsage(`--stage must be one of ${STAGES.join(', ')}`);
      const query = { limit: MOST, ...(stage === undefined ? {} : { stage }) };
      const { items } = await createOrderRecords(pool).list(query);
      const head = ['ITEM', 'STAGE', 'OUTCOME', 'OFFERGRID', 'ANSWER', 'DUE', 'ATTENTION'];
      const text = items.length === 0 ? 'No items.' : table([head, ...items.map(row)]);
      return { text, json: { items } };
    }),
};

export const ordersShowCommand: Command = {
  name: 'orders show',
  operands: ['ITEM_ID'],
  options: {},
  summary: 'one item with its timeline',
  run: (env, [itemId = '']) =>
    withDatabase(env, async (pool) => {
      const records = createOrderRecords(pool);
      const record = await records.find(itemId);
      if (record === null) throw new CommandFailed(`No item ${itemId} is known.`);
      const timeline = await records.timeline(itemId);
      const { view } = record;
      const facts = Object.entries(view).map(([name, value]) => [name, inWords(value)]);
      const lines = timeline.map(({ at, type, from, to, actor, note }) => [
        at,
        type,
        to === null ? '' : `${from ?? 'new'} → ${to}`,
        actor,
        note,
      ]);
      return { text: `${table(facts)}\n\n${table(lines)}`, json: { ...view, timeline } };
    }),
};

function row(item: OrderView): (string | null)[] {
  const { itemId, stage, outcome, offergridStatus, sla, attention } = item;
  return [
    itemId,
    stage,
    outcome,
    offergridStatus,
    sla?.state ?? null,
    sla?.deadline ?? null,
    attention?.code ?? null,
  ];
}

function inWords(value: unknown): string {
  if (value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isStage(value: string | true): value is Stage {
  return (STAGES as readonly unknown[]).includes(value);
}
