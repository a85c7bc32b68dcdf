import { createInbox } from '../../db/inbox.js';
import { CommandFailed, table, WrongUsage, type Command } from '../command.js';
import { withDatabase } from '../database.js';

const MOST = 200;

export const inboxListCommand: Command = {
  name: 'inbox list',
  operands: [],
  options: {},
  summary: 'webhooks that could not be processed',
  run: (env) =>
    withDatabase(env, async (pool) => {
      const { items } = await createInbox(pool).list({ state: 'quarantined', limit: MOST });
      const rows = items.map((item) => [item.id, item.receivedAt, item.event, item.itemId, item.reason]);
      const text =
        items.length === 0 ? 'Nothing.' : table([['ID', 'RECEIVED', 'EVENT', 'ITEM', 'REASON'], ...rows]);
      return { text, json: { items } };
    }),
};

export const inboxReplayCommand: Command = {
  name: 'inbox replay',
  operands: ['ID'],
  options: {},
  summary: 'have one of them tried again',
  run: (env, [id = '']) =>
    withDatabase(env, async (pool) => {
      if (!/^\d{1,18}$/.test(id)) throw new WrongUsage('ID is a number, as `inbox list` shows it.');
      const replayed = await createInbox(pool).replay(id);
      if (replayed === 'unknown') throw new CommandFailed(`No webhook ${id} is in the inbox.`);
      if (replayed === 'processed') throw new CommandFailed(`Webhook ${id} was processed already.`);
      return { text: `Webhook ${id} is tried again.`, json: { id, state: 'received' } };
    }),
};
