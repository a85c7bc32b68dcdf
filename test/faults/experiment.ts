import { describe, expect, onTestFailed, onTestFinished, test, type RunnerTask } from 'vitest';
import { join } from 'node:path';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { plantDefect, readDamaged, type Defect } from './planted-defect.js';
import { measuredNow, writeFinding, type Figures, type Finding } from './reliability-report.js';

/** What an experiment runs with. */
export interface World<Size> {
  size: Size;
  /** Folder of the built programs: the project's own, or a copy with the defect in it. */
  programs: string;
  /** Milliseconds that progress may take before it counts as none. */
  patience: number;
}

/**
 * A fault done to the real stack, and what must be true all the same. `run` asserts it, progress included, and returns
 * what it counted.
 */
export interface Experiment<Size> {
  /** As the table in docs/reliability.md calls it. */
  name: string;
  passes: string;
  small: Size;
  full: Size;
  /** Milliseconds that the full size may take altogether; half an hour unless told. */
  fullTimeout?: number;
  defect: Defect;
  run: (world: World<Size>) => Promise<Figures>;
}

/**
 * `small`: with every test run. `full`: `npm run faults`, which writes the figures down, and shows that the small size
 * fails with the defect. `planted`: `EXPERIMENTS=planted npm run faults`, where it must fail, for people to see how.
 */
const mode = process.env['EXPERIMENTS'] ?? 'small';

const PATIENCE = { small: 30_000, planted: 20_000, full: 600_000 };
const SMALL_TIMEOUT = 150_000;
const FULL_TIMEOUT = 1_800_000;

/** Declares the experiment's tests. */
export function experiment<Size>(of: Experiment<Size>): void {
  const own = join(projectRoot(), 'dist');
  const withDefect = async () => {
    const { programs, remove } = await plantDefect(of.defect);
    onTestFinished(remove);
    return await of.run({ size: of.small, programs, patience: PATIENCE.planted });
  };

  describe(of.name, () => {
    switch (mode) {
      case 'full':
        test(of.passes, { timeout: of.fullTimeout ?? FULL_TIMEOUT }, async ({ signal }) => {
          const write = writerOf(of);
          onTestFailed(({ task }) => write({ failure: reasonOf(task) }));
          const started = performance.now();
          const figures = await of.run({ size: of.full, programs: own, patience: PATIENCE.full });
          const seconds = Math.round((performance.now() - started) / 1_000);
          // What comes after the time was up is a failure already.
          if (!signal.aborted) await write({ figures: { ...figures, seconds } });
        });
        test(
          `is seen to fail when ${of.defect.what}`,
          { timeout: SMALL_TIMEOUT },
          async ({ task: { suite } }) => {
            const write = writerOf(of);
            onTestFailed(async ({ task }) => {
              // The failure of the experiment itself says more.
              if (suite?.tasks[0]?.result?.state === 'fail') return;
              await write({ failure: `with its defect, ${of.defect.what}: ${reasonOf(task)}` });
            });
            await expect(withDefect()).rejects.toThrow(of.defect.seen);
          },
        );
        break;
      case 'planted':
        test(`${of.passes}, though ${of.defect.what}`, { timeout: FULL_TIMEOUT }, async () => {
          await withDefect();
        });
        break;
      default:
        test(`can be told from a build where ${of.defect.what}`, async () => {
          // Whoever changes that code finds out now, and not after the hour that the full sizes take.
          await readDamaged(of.defect);
        });
        test(of.passes, { timeout: SMALL_TIMEOUT }, async () => {
          await of.run({ size: of.small, programs: own, patience: PATIENCE.small });
        });
    }
  });
}

/** Writes down what was found in the build of this moment. */
function writerOf({ name, passes }: Pick<Finding, 'name' | 'passes'>) {
  const measured = measuredNow();
  return (found: Finding['found']) => writeFinding({ name, passes, measured, found });
}

const reasonOf = ({ result }: Readonly<RunnerTask>) => result?.errors?.[0]?.message ?? 'no reason given';
