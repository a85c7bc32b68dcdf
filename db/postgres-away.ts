/** SQLSTATE classes and codes of a server that is away, full, starting, stopping or too slow. */
const AWAY_CODES = /^(08...|57P0[1-5]|57014|53...|25P03)$/;
const AWAY_SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** node-postgres gives these no code. */
const AWAY_MESSAGES =
  /timeout exceeded when trying to connect|connection terminated|query read timeout|connection timeout|not queryable/i;

/** Whether this error says that Postgres cannot be used right now, rather than that the statement is wrong. */
export function isPostgresAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isPostgresAway)) return true;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && (AWAY_CODES.test(code) || AWAY_SYSTEM_CODES.has(code))) return true;
  return AWAY_MESSAGES.test(error.message);
}
