import { access, constants, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Attempt } from './resolution.js';

/** Whether an installed file is there and can be run. */
export async function findInstalled(path: string): Promise<Attempt<string>> {
  try {
    await access(path, constants.X_OK);
    return { found: path };
  } catch {
    return { missing: `${path} is not there` };
  }
}

/**
 * Makes `folder` out of what `fill` puts into an empty neighbour of it. A rename puts it into place: nobody sees half
 * of it, and the first of two wins.
 */
export async function installFolder(folder: string, fill: (staging: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(`${folder}.staging-`);
  const staging = await mkdtemp(`${folder}.staging-`);
  try {
    await fill(staging);
    await rename(staging, folder).catch(async (error: unknown) => {
      if (!(error instanceof Error && 'code' in error && OCCUPIED.has(String(error.code)))) throw error;
      // Either another was faster, or it is the remains of something; ours is complete in both cases.
      await rm(folder, { recursive: true, force: true });
      await rename(staging, folder);
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const OCCUPIED = new Set(['ENOTEMPTY', 'EEXIST']);

const ABANDONED_AFTER_MS = 2 * 3_600_000;

/** What a killed installation left behind. */
async function removeAbandoned(prefix: string): Promise<void> {
  const parent = dirname(prefix);
  const names = (await readdir(parent)).filter((name) => name.startsWith(basename(prefix)));
  for (const path of names.map((name) => join(parent, name))) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}
