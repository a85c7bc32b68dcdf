import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { indexedValueTypes, SEARCH_ATTRIBUTES } from './search-attributes.js';

const ONE_DAY_S = 86_400;
const READY_TIMEOUT_MS = 30_000;
const RETRY_EVERY_MS = 50;
const ALREADY_EXISTS = 6;
const NOT_FOUND = 5;
/** Permission denied, unimplemented, unauthenticated: no patience helps. */
const FINAL = [7, 12, 16];

/**
 * Makes a namespace (retention one day) with the project's search attributes and waits until workflows can be started
 * there. One that exists is completed. @throws the server's error, or Error after 30 s
 */
export async function createNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: ONE_DAY_S as never },
    });
  } catch (error) {
    if (!hasCode(error, ALREADY_EXISTS)) throw error;
  }
  await ensureSearchAttributes(connection, namespace);
  await untilUsable(connection, namespace);
}

/** Registers those of the project's search attributes that the namespace lacks. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  await persistently(async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.keys(SEARCH_ATTRIBUTES).filter((name) => !Object.hasOwn(customAttributes, name));
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: indexedValueTypes(missing),
    });
  });
}

/**
 * The server's parts hear of a namespace one after the other. Each is asked something harmless: history for a workflow
 * that is not there, matching for an empty queue, visibility for a count over all search attributes.
 */
async function untilUsable(connection: Connection, namespace: string): Promise<void> {
  const service = connection.workflowService;
  const query = Object.keys(SEARCH_ATTRIBUTES)
    .map((name) => `${name} IS NULL`)
    .join(' AND ');
  await persistently(async () => {
    await service.countWorkflowExecutions({ namespace, query });
    await service.describeTaskQueue({ namespace, taskQueue: { name: 'readiness' }, taskQueueType: 1 });
    const execution = { workflowId: 'readiness' };
    await service.describeWorkflowExecution({ namespace, execution }).catch((error: unknown) => {
      if (!hasCode(error, NOT_FOUND) || /namespace/i.test((error as Error).message)) throw error;
    });
  });
}

async function persistently(attempt: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (FINAL.some((code) => hasCode(error, code)) || performance.now() > deadline) throw error;
    }
    await sleep(RETRY_EVERY_MS);
  }
}

function hasCode(error: unknown, code: number): boolean {
  return isGrpcServiceError(error) && Number(error.code) === code;
}
