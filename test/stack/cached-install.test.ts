import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findInstalled, installFolder } from '../../sandbox/stack/cached-install.js';

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'stack-cache-'));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

test('nobody sees half an installation', async () => {
  const folder = join(cache, 'server-1');
  await installFolder(folder, async (staging) => {
    await writeFile(join(staging, 'server'), 'half');
    expect(await findInstalled(join(folder, 'server'))).toHaveProperty('missing');
    await chmod(join(staging, 'server'), 0o755);
  });
  expect(await findInstalled(join(folder, 'server'))).toEqual({ found: join(folder, 'server') });
});

test('a failed installation leaves nothing', async () => {
  const failing = installFolder(join(cache, 'server-1'), async (staging) => {
    await writeFile(join(staging, 'server'), 'half');
    throw new Error('no space left');
  });
  await expect(failing).rejects.toThrow('no space left');
  expect(await readdir(cache)).toEqual([]);
});

test('two at once both succeed, and one installation is there', async () => {
  const folder = join(cache, 'server-1');
  const fill = (content: string) => (staging: string) => writeFile(join(staging, 'server'), content);
  await Promise.all([installFolder(folder, fill('a')), installFolder(folder, fill('b'))]);
  expect(await readdir(cache)).toEqual(['server-1']);
  expect(await readFile(join(folder, 'server'), 'utf8')).toMatch(/^[ab]$/);
});

test('what a killed installation left is removed, what may be under way is not', async () => {
  for (const name of ['server-1.staging-old', 'server-1.staging-new', 'other.staging-old'])
    await mkdir(join(cache, name));
  const longAgo = new Date(Date.now() - 24 * 3_600_000);
  await utimes(join(cache, 'server-1.staging-old'), longAgo, longAgo);
  await utimes(join(cache, 'other.staging-old'), longAgo, longAgo);
  await installFolder(join(cache, 'server-1'), (staging) => writeFile(join(staging, 'server'), ''));
  expect((await readdir(cache)).sort()).toEqual(['other.staging-old', 'server-1', 'server-1.staging-new']);
});
