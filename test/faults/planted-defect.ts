import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { spawnProcess } from '../../sandbox/stack/child-process.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';

/** A change of the built programs that takes a protection away. */
export interface Defect {
  /** In words: what the build with it does not do. */
  what: string;
  /** The built file, e.g. `activities/offergrid-activities.js`. */
  file: string;
  /** Must be in the file exactly once, as the compiler wrote it. */
  replace: string;
  by: string;
  /** How the experiment has to fail with it: any other failure is not the one that the defect causes. */
  seen: RegExp;
}

/** What a copy needs: the product, and nothing of the simulated world. */
const ROOMS = [
  ...['activities', 'api', 'cli', 'config', 'db', 'domain', 'integrations', 'workers', 'workflows'],
  'workflow-bundle.js',
];
const IN_WORKFLOWS = /^(workflows|domain)\//;

let planted = 0;

/**
 * Copies the built programs, or those in `built`, and plants the defect in the copy; workflow code is bundled anew.
 * Returns the copy's folder and removes it with `remove`. @throws Error when the text to replace is not there exactly once
 */
export async function plantDefect(
  defect: Omit<Defect, 'what' | 'seen'>,
  built = join(projectRoot(), 'dist'),
): Promise<{ programs: string; remove: () => Promise<void> }> {
  planted += 1;
  const programs = join(projectRoot(), 'dist/planted', `${process.pid}-${planted}`);
  const remove = () => rm(programs, { recursive: true, force: true });
  await mkdir(programs, { recursive: true });
  try {
    const damaged = await readDamaged(defect, built);
    for (const room of ROOMS) await cp(join(built, room), join(programs, room), { recursive: true });
    await writeFile(join(programs, defect.file), damaged);
    if (IN_WORKFLOWS.test(defect.file)) await bundle(programs);
    return { programs, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The built file with the defect in it. @throws Error when the text to replace is not there exactly once */
export async function readDamaged(
  { file, replace, by }: Pick<Defect, 'file' | 'replace' | 'by'>,
  built = join(projectRoot(), 'dist'),
): Promise<string> {
  const before = await readFile(join(built, file), 'utf8');
  const found = before.split(replace).length - 1;
  if (found !== 1) throw new Error(`the defect's text is ${found} times in ${file}: ${replace}`);
  return before.replace(replace, () => by);
}

async function bundle(programs: string): Promise<void> {
  const building = await spawnProcess({
    name: `bundle of ${basename(programs)}`,
    args: [join(programs, 'workers/build-bundle.js')],
    cwd: projectRoot(),
  });
  const { code } = await building.exited;
  if (code !== 0) throw new Error(`the workflows could not be bundled:\n${building.output()}`);
}
