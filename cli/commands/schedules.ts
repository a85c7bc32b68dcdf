import { toCliConfig } from '../../config/to-config.js';
import type { Command } from '../command.js';

export const schedulesApplyCommand: Command = {
  name: 'schedules apply',
  operands: [],
  options: {},
  summary: 'make the Temporal schedules what the policy says',
  run: async (env) => {
    // Slow to load, and of no use to the other commands.
    const { Client, Connection } = await import('@temporalio/client');
    const { applySchedules } = await import('../../integrations/temporal/schedules.js');
    const { temporal, policy, provider } = toCliConfig(env, ['policy', 'provider']);
    const connection = await Connection.connect(temporal.connection);
    try {
      const client = new Client({ connection, namespace: temporal.namespace });
      const schedules = await applySchedules(client, policy, provider !== undefined);
      return { text: `Applied ${schedules.join(' and ')}.`, json: { schedules } };
    } finally {
      await connection.close();
    }
  },
};
