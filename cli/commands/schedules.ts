import { toCliConfig } from '../../config/to-config.js';
import { RECONCILE_SCHEDULE } from '../../domain/workflow-names.js';
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
    const { temporal, policy } = toCliConfig(env, ['policy']);
    const connection = await Connection.connect(temporal.connection);
    try {
      await applySchedules(new Client({ connection, namespace: temporal.namespace }), policy);
    } finally {
      await connection.close();
    }
    return { text: `Applied ${RECONCILE_SCHEDULE}.`, json: { schedules: [RECONCILE_SCHEDULE] } };
  },
};
