import { makeTelemetryFilterString, Runtime, type LogEntry } from '@temporalio/worker';
import { pino, type Logger } from 'pino';

/** JSON lines on stdout. What is logged of an order is its ids. */
export function createLogger(level: string): Logger {
  return pino({ level, base: { process: 'worker' } });
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Makes the SDK, its native part and workflows log through ours; once per process, before any worker. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => logger[LEVELS[level]](bounded(meta), message),
      trace: (message, meta) => logger.trace(bounded(meta), message),
      debug: (message, meta) => logger.debug(bounded(meta), message),
      info: (message, meta) => logger.info(bounded(meta), message),
      warn: (message, meta) => logger.warn(bounded(meta), message),
      error: (message, meta) => logger.error(bounded(meta), message),
    },
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
}

/** The ids that find a run, and what went wrong; arguments and results, which hold customer data, are left out. */
function bounded(meta: LogEntry['meta']): Record<string, unknown> {
  const {
    workflowId,
    runId,
    workflowType,
    activityType,
    attempt,
    taskQueue,
    sdkComponent,
    durationMs,
    error,
  } = (meta ?? {}) as Record<string, unknown>;
  return {
    workflowId,
    runId,
    workflowType,
    activityType,
    attempt,
    taskQueue,
    sdkComponent,
    durationMs,
    ...(error instanceof Error
      ? { err: { type: error.name, message: error.message, stack: error.stack } }
      : {}),
  };
}
