import { randomUUID } from 'node:crypto';
import {
  ApplicationFailure,
  isGrpcDeadlineError,
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { OperatorCommand } from '../domain/command.js';
import type { OrderView } from '../domain/order-view.js';
import { fulfillmentWorkflowId } from '../domain/workflow-names.js';
import { COMMAND_REFUSED, operate } from '../workflows/messages.js';

/** An update needs a live worker; an operator is not kept waiting longer than this for one. */
const ANSWER_MS = 10_000;
/** How long to look for the run first: without it nobody could tell a missing worker from a missing server. */
const LOOK_MS = 2_500;

/** `unanswered`: no worker said yes or no in time, and one may still carry the command out. */
export type CommandResult =
  | { kind: 'carried_out'; view: OrderView }
  | { kind: 'refused'; why: string }
  | { kind: 'finished' }
  | { kind: 'not_started' }
  | { kind: 'unanswered' };

/** Takes operators' commands to the item's workflow and waits until its decision is durable. */
export function createOperatorDesk(client: Client, answerMs = ANSWER_MS) {
  return {
    /** A repeat with the same `updateId` gets the first one's answer. Throws when Temporal cannot be used. */
    async operate(itemId: string, command: OperatorCommand, updateId?: string): Promise<CommandResult> {
      const handle = client.workflow.getHandle(fulfillmentWorkflowId(itemId));
      try {
        const run = await client.withDeadline(Date.now() + LOOK_MS, () => handle.describe());
        if (run.status.name !== 'RUNNING') return { kind: 'finished' };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { kind: 'not_started' };
        throw error;
      }
      const options = { args: [command] as [OperatorCommand], updateId: updateId ?? randomUUID() };
      const end = Date.now() + answerMs;
      for (;;) {
        try {
          const view = await client.withDeadline(end, () => handle.executeUpdate(operate, options));
          return { kind: 'carried_out', view };
        } catch (error) {
          if (isTurnedBack(error) && Date.now() < end) continue;
          if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error))
            return { kind: 'unanswered' };
          // It ended since we looked.
          if (error instanceof WorkflowNotFoundError) return { kind: 'finished' };
          const why = refusalIn(error);
          if (why !== undefined) return { kind: 'refused', why };
          throw error;
        }
      }
    },
  };
}

export type OperatorDesk = ReturnType<typeof createOperatorDesk>;

const FAILED_PRECONDITION = 9;

/**
 * The task that was to take the update was given up before its end: another message came while the item went over to
 * another run. By its id the update is taken once.
 */
function isTurnedBack(error: unknown): boolean {
  const { cause } = error as Error;
  return (
    error instanceof ServiceError && isGrpcServiceError(cause) && Number(cause.code) === FAILED_PRECONDITION
  );
}

function refusalIn(error: unknown): string | undefined {
  if (!(error instanceof WorkflowUpdateFailedError)) return undefined;
  const { cause } = error;
  return cause instanceof ApplicationFailure && cause.type === COMMAND_REFUSED ? cause.message : undefined;
}
