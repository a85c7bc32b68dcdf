import { parseArgs } from 'node:util';
import { ConfigError } from '../config/config-error.js';
import { readEnv } from '../config/read-env.js';
import { table, WrongUsage, type Command, type Options } from './command.js';
import { inboxListCommand, inboxReplayCommand } from './commands/inbox.js';
import { migrateCommand } from './commands/migrate.js';
import { offersSyncCommand } from './commands/offers.js';
import { ordersListCommand, ordersShowCommand } from './commands/orders.js';
import { schedulesApplyCommand } from './commands/schedules.js';

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

const COMMANDS = [
  migrateCommand,
  offersSyncCommand,
  ordersListCommand,
  ordersShowCommand,
  inboxListCommand,
  inboxReplayCommand,
  schedulesApplyCommand,
];

/** Carries out one command. The exit code: 0 done, 1 failed, 2 wrong usage. */
async function main(args: string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usage()}\n`);
    return DONE;
  }
  try {
    const { command, operands, json, options } = read(args);
    const told = await command.run(readEnv(), operands, options);
    process.stdout.write(`${json ? JSON.stringify(told.json) : told.text}\n`);
    if (told.failure === undefined) return DONE;
    process.stderr.write(`${told.failure}\n`);
    return FAILED;
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [(error as Error).message];
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (!(error instanceof WrongUsage)) return FAILED;
    process.stderr.write(`\n${usage()}\n`);
    return WRONG_USAGE;
  }
}

/** @throws WrongUsage */
function read(args: string[]) {
  const words = args.filter((arg) => !arg.startsWith('-')).slice(0, 2);
  const command = COMMANDS.find(({ name }) => name === words[0] || name === words.join(' '));
  if (command === undefined)
    throw new WrongUsage(words.length === 0 ? 'No command.' : `No command ${words.join(' ')}.`);
  const { values, positionals } = parsed(args, command);
  const operands = positionals.slice(command.name.split(' ').length);
  if (operands.length !== command.operands.length) {
    throw new WrongUsage(`${command.name} takes ${command.operands.join(' ') || 'nothing more'}.`);
  }
  const { json, ...options } = values;
  return { command, operands, json: json === true, options: options as Options };
}

function parsed(args: string[], { options }: Command) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { ...options, json: { type: 'boolean' as const } },
    });
  } catch (error) {
    throw new WrongUsage((error as Error).message);
  }
}

function usage(): string {
  const rows = COMMANDS.map(({ name, operands, summary }) => [`  ${[name, ...operands].join(' ')}`, summary]);
  return `Usage: cli <command> [--json]\n\n${table(rows)}`;
}

process.exitCode = await main(process.argv.slice(2));
