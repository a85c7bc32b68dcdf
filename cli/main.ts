import { parseArgs } from 'node:util';
import { ConfigError } from '../config/config-error.js';
import { readEnv } from '../config/read-env.js';
import { toCliConfig } from '../config/to-config.js';
import { migrate } from '../db/migrate.js';

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

const USAGE = `Usage: cli <command> [--json]

  migrate    bring the database up to this version
`;

/** Carries out one command. The exit code: 0 done, 1 failed, 2 wrong usage. */
async function main(args: string[]): Promise<number> {
  const command = readCommand(args);
  if (command === undefined) {
    process.stderr.write(USAGE);
    return WRONG_USAGE;
  }
  const ran = await migrate(toCliConfig(readEnv(), ['databaseUrl']).databaseUrl);
  const said = ran.length === 0 ? 'The database is up to date.' : `Ran ${ran.join(', ')}.`;
  process.stdout.write(command.json ? `${JSON.stringify({ migrations: ran })}\n` : `${said}\n`);
  return DONE;
}

function readCommand(args: string[]): { json: boolean } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    });
    return positionals.length === 1 && positionals[0] === 'migrate' ? { json: values.json } : undefined;
  } catch {
    return undefined;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const problems = error instanceof ConfigError ? error.problems : [(error as Error).message];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = FAILED;
}
