import { toCliConfig } from '../../config/to-config.js';
import { migrate } from '../../db/migrate.js';
import type { Command } from '../command.js';

export const migrateCommand: Command = {
  name: 'migrate',
  operands: [],
  options: {},
  summary: 'bring the database up to this version',
  run: async (env) => {
    const migrations = await migrate(toCliConfig(env, ['databaseUrl']).databaseUrl);
    const text = migrations.length === 0 ? 'The database is up to date.' : `Ran ${migrations.join(', ')}.`;
    return { text, json: { migrations } };
  },
};
