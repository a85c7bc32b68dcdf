import { expect, test } from 'vitest';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { runCommand } from '../../sandbox/stack/run-command.js';
import { eventually } from '../support/eventually.js';
import { isListening, portOf } from '../stack/leftovers.js';
import { startBuilt } from './built-program.js';

const READY_MS = 60_000;
const ORDER_MS = 30_000;

test(
  'npm start: addresses that answer, live orders, and Ctrl-C',
  { timeout: 150_000 },
  async ({ onTestFinished }) => {
    const program = await startBuilt('dist/sandbox/start.js', onTestFinished);
    await program.printed(/^Orders come every/m, READY_MS);
    const address = (what: string) =>
      new RegExp(`^${what} +(http://\\S+)$`, 'm').exec(program.output())?.[1] ?? what;
    const api = address('API');
    const worker = address('Worker');
    const ui = address('Temporal UI');
    const control = address('Its control');

    const status = async (url: string) => (await fetch(url)).status;
    expect(await status(`${api}/readyz`)).toBe(200);
    expect(await status(worker)).toBe(200);
    expect(await status(ui)).toBe(200);
    expect(await status(control)).toBe(200);
    // Every other address it printed answers as well.
    const all = program.output().match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
    const ports = [...new Set(all.map(portOf))];
    expect(await Promise.all(ports.map(isListening))).toEqual(ports.map(() => true));

    const [, itemId = ''] = await program.printed(/reseller +orders .*\((item-\w+)\)/, ORDER_MS);
    await program.printed(/offergrid +pending → accepted/, ORDER_MS);
    const [, key = ''] = /authorization: Bearer (\S+)'/.exec(program.output()) ?? [];
    const order = await fetch(`${api}/v1/orders/${itemId}`, { headers: { authorization: `Bearer ${key}` } });
    expect(((await order.json()) as { itemId: string }).itemId).toBe(itemId);

    // The addresses, keys and bodies in what it says one can do are the right ones.
    const said = /-H 'x-api-key: (\S+)'.* -d '(.*)' (http\S+)$/m.exec(program.output());
    const [, resellerKey = '', body = '', orders = ''] = said ?? [];
    const placed = await fetch(orders, {
      method: 'POST',
      headers: { 'x-api-key': resellerKey, 'content-type': 'application/json' },
      body,
    });
    const { items } = (await placed.json()) as { items: { itemId: string }[] };
    const own = items[0]!.itemId;
    const [, databaseUrl] = /^ +DATABASE_URL='(\S+)' npm run/m.exec(program.output()) ?? [];
    const cli = () =>
      runCommand({
        name: 'the command line',
        command: process.execPath,
        args: ['dist/cli/main.js', 'orders', 'show', own],
        env: { ...process.env, DATABASE_URL: databaseUrl },
        cwd: projectRoot(),
        timeoutMs: ORDER_MS,
      }).catch(() => '');
    await eventually('the order on the command line', async () => (await cli()).includes('accepted'));

    program.kill('SIGINT');
    expect((await program.exited).code, program.output()).toBe(0);
    expect(program.output()).toContain('Everything is stopped.');
    expect(await program.leftovers()).toEqual({ processes: [], files: [] });
    expect(await Promise.all(ports.map(isListening))).toEqual(ports.map(() => false));
  },
);
