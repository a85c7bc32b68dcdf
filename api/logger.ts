import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** JSON lines on stdout. Log ids and codes only: bodies, keys and customers never go through here. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: { process: 'api' }, serializers: { err: errorFacts } };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** A database error's `detail` quotes the row, so an error is logged by what it is, not whole. */
function errorFacts(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = (error as { code?: unknown }).code;
  return {
    name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: stack?.split('\n').slice(1, 8).join('\n'),
    ...(error.cause instanceof Error ? { cause: error.cause.message } : {}),
  };
}
