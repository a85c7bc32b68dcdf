import { ConfigError } from '../config/config-error.js';
import { readEnv } from '../config/read-env.js';
import type { ApiConfig } from '../config/settings.js';
import { toApiConfig } from '../config/to-config.js';
import { within } from './deadline.js';
import { createLogger } from './logger.js';
import { startApi } from './start-api.js';

/** On top of the grace, for closing connections. */
const AFTER_GRACE_MS = 3_000;

async function main(): Promise<void> {
  const config = readConfig();
  if (config === undefined) return exit(1);
  const logger = createLogger(config.logLevel);
  try {
    const api = await startApi(config, logger);
    if (config.adminApiKey === undefined)
      logger.warn('ADMIN_API_KEY is not set: every route that needs a key answers 401');
    logger.info({ host: config.host, port: api.port }, 'listening');
    const signal = await nextSignal();
    logger.info({ signal }, 'stopping');
    await within(config.shutdownGrace + AFTER_GRACE_MS, api.stop()).catch((error: unknown) =>
      logger.warn({ err: error }, 'stopped before everything was closed'),
    );
  } catch (error) {
    logger.fatal({ err: error }, 'ended by an error');
    return exit(1);
  }
  logger.info('stopped');
  exit(0);
}

function readConfig(): ApiConfig | undefined {
  try {
    return toApiConfig(readEnv());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    return undefined;
  }
}

/** The first of the two; one more has no further effect, the stop is bounded. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on('SIGTERM', resolve);
    process.on('SIGINT', resolve);
  });
}

function exit(code: number): void {
  process.exit(code);
}

await main();
