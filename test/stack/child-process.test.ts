import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { spawnProcess, startProcess, type RunningProcess } from '../../sandbox/stack/child-process.js';
import { freePort } from '../../sandbox/stack/free-port.js';
import { runCommand } from '../../sandbox/stack/run-command.js';
import { compileStack } from './compiled-stack.js';
import { family, isAlive, isListening, until } from './leftovers.js';

const started: RunningProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((process) => process.stop(0)));
});

async function node(source: string, options: { remove?: string[]; env?: Record<string, string> } = {}) {
  const process = await spawnProcess({ name: 'a child', args: ['-e', source], ...options });
  started.push(process);
  return process;
}

const FOREVER = 'setInterval(() => {}, 1000); console.log("up");';
const STUBBORN = `process.on("SIGTERM", () => console.log("no")); ${FOREVER}`;
const isUp = (process: RunningProcess) => until('it to be up', () => process.output().includes('up'));

describe('a process under guard', () => {
  test('its output, exit code and environment', async () => {
    process.env['STACK_TEST_LEAK'] = 'leaked';
    const source =
      'console.log(process.env.GIVEN, process.env.STACK_TEST_LEAK); console.error("é"); process.exit(3)';
    const child = await node(source, { env: { GIVEN: 'given' } });
    delete process.env['STACK_TEST_LEAK'];
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(child.output()).toContain('given undefined');
    expect(child.output()).toContain('é');
    expect(child.running).toBe(false);
  });

  test('what it prints is kept to a bound', async () => {
    const child = await node(
      'for (let i = 0; i < 20000; i++) console.log("x".repeat(60)); console.log("the end")',
    );
    await child.exited;
    expect(child.output().length).toBeLessThanOrEqual(256 * 1024);
    expect(child.output()).toMatch(/the end\n$/);
  });

  test('kill is the signal asked for', async () => {
    const child = await node(FOREVER);
    await isUp(child);
    child.kill('SIGKILL');
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('stop lets it finish', async () => {
    const child = await node(
      `process.on("SIGTERM", () => setTimeout(() => process.exit(0), 50)); ${FOREVER}`,
    );
    await isUp(child);
    expect(await child.stop()).toEqual({ code: 0, signal: null });
  });

  test('stop ends one that does not listen, with its children', async () => {
    const child = await node(
      `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(STUBBORN)}]); ${STUBBORN}`,
    );
    await isUp(child);
    await until('the grandchild', () => family(child.pid).length === 3);
    const all = family(child.pid);
    expect(await child.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
    await until('all to be gone', () => !all.some(isAlive));
    expect(child.output()).toContain('no');
  });

  test('one that ends by itself takes along the children it forgot', async () => {
    const child = await node(`
      const forgotten = require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(FOREVER)}]);
      console.log("forgotten=" + forgotten.pid);
      setTimeout(() => process.exit(0), 100);`);
    await until('it to say so', () => /forgotten=\d+/.test(child.output()));
    const forgotten = Number(/forgotten=(\d+)/.exec(child.output())?.[1]);
    expect(isAlive(forgotten)).toBe(true);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    await until('the forgotten one to be gone', () => !isAlive(forgotten));
  });

  test('its folders go with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stack-child-'));
    const child = await node(FOREVER, { remove: [folder] });
    await isUp(child);
    expect(existsSync(folder)).toBe(true);
    await child.stop();
    expect(existsSync(folder)).toBe(false);
  });

  test('a killed guard leaves neither process nor folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stack-child-'));
    const child = await node(FOREVER, { remove: [folder] });
    await isUp(child);
    const [guard = 0] = family(child.pid);
    expect(guard).not.toBe(child.pid);
    process.kill(guard, 'SIGKILL');
    await child.exited;
    await until('the process to be gone', () => !isAlive(child.pid));
    expect(existsSync(folder)).toBe(false);
  });

  test('a command that is not there', async () => {
    const missing = spawnProcess({ name: 'nothing', command: '/nowhere/nothing', args: [] });
    await expect(missing).rejects.toThrow(/nothing cannot be run: .*ENOENT/);
  });
});

describe('a process that is to become ready', () => {
  const serve = `require("http").createServer((_, answer) => {
    answer.statusCode = process.uptime() > 0.3 ? 200 : 503; answer.end();
  }).listen(process.env.PORT);`;
  const start = async (source: string, readyTimeoutMs = 10_000) => {
    const port = await freePort();
    const ready = { readyUrl: `http://127.0.0.1:${port}/readyz`, readyTimeoutMs };
    const env = { PORT: `${port}` };
    return { port, process: startProcess({ name: 'a server', args: ['-e', source], env, ...ready }) };
  };

  test('is waited for until it answers 200', async () => {
    const { port, process } = await start(serve);
    const server = await process;
    started.push(server);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    await server.stop();
    expect(await isListening(port)).toBe(false);
  });

  test('one that ends instead is told at once, with what it printed', async () => {
    const { process } = await start('console.error("DATABASE_URL is missing"); process.exit(1)');
    await expect(process).rejects.toThrow(/a server ended \(exit 1\)[^]*DATABASE_URL is missing/);
  });

  test('one that never gets ready is stopped', async () => {
    const { port, process } = await start(serve.replace('0.3', '999'), 800);
    await expect(process).rejects.toThrow(/a server was not ready after 800 ms/);
    expect(await isListening(port)).toBe(false);
  });
});

describe('a command that is to end', () => {
  test('gives its output, or fails with it', async () => {
    const run = (source: string) => runCommand({ name: 'it', args: ['-e', source], timeoutMs: 10_000 });
    expect(await run('console.log("fine")')).toBe('fine\n');
    await expect(run('console.error("broken"); process.exit(2)')).rejects.toThrow(
      'it ended with exit 2: broken',
    );
  });

  test('is killed when it takes too long', async () => {
    const late = runCommand({ name: 'it', args: ['-e', STUBBORN], timeoutMs: 300 });
    await expect(late).rejects.toThrow('it took longer than 0.3 s');
  });
});

describe('when the parent ends', () => {
  let stack: Awaited<ReturnType<typeof compileStack>>;
  beforeAll(async () => {
    stack = await compileStack();
  });
  afterAll(() => stack.remove());

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'exit'] as const)('by %s, nothing is left', async (how) => {
    const folder = await mkdtemp(join(tmpdir(), 'stack-child-'));
    const parent = await node(`
      import(${JSON.stringify(join(stack.folder, 'child-process.js'))}).then(async ({ spawnProcess }) => {
        const child = await spawnProcess({
          name: 'child', args: ['-e', ${JSON.stringify(FOREVER)}], remove: [${JSON.stringify(folder)}],
          onOutput: (text) => text.includes('up') && console.log('child=' + child.pid),
        });
        process.stdin.resume();
        process.once('SIGUSR2', () => process.exit(0));
      });`);
    await until('the child to be up', () => /child=\d+/.test(parent.output()));
    const pid = Number(/child=(\d+)/.exec(parent.output())?.[1]);
    const all = family(pid);
    expect(all.length).toBe(2);
    parent.kill(how === 'exit' ? 'SIGUSR2' : how);
    await parent.exited;
    await until('child and guard to be gone', () => !all.some(isAlive));
    expect(existsSync(folder)).toBe(false);
    await rm(folder, { recursive: true, force: true });
  });
});
