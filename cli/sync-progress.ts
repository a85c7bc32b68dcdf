import type { OfferSyncRun } from '../domain/offer-sync-run.js';

/** As much of a terminal, or of a file in its place, as progress is shown on. */
export interface Screen {
  write: (text: string) => unknown;
  isTTY?: boolean;
  columns?: number;
}

const BAR_WIDTH = 24;
const CLEAR_TO_END = '\u001b[K';

/**
 * Shows people how far a run is: a line that is drawn over and over on a terminal; where lines stay, one for each tenth
 * of the changes. `changes`: how many the run has, errors included; 0 while nobody knows.
 */
export function createSyncProgress(screen: Screen) {
  let tenthsTold = 0;
  return {
    show(run: OfferSyncRun, changes: number): void {
      const done = run.dryRun ? 0 : settledChanges(run);
      const of = `${done} of ${changes} changes`;
      if (screen.isTTY === true) {
        const line =
          done === 0 ? 'Reading and comparing …' : `${bar(done / changes)} ${of}, ${failures(run)}`;
        screen.write(`\r${line.slice(0, (screen.columns ?? 80) - 1)}${CLEAR_TO_END}`);
        return;
      }
      const tenths = done === 0 ? 0 : Math.floor((10 * done) / changes);
      if (tenths > tenthsTold) screen.write(`${of}, ${failures(run)}\n`);
      tenthsTold = tenths;
    },

    /** Leaves the terminal's line to what comes next. */
    end(): void {
      if (screen.isTTY === true) screen.write(`\r${CLEAR_TO_END}`);
    },
  };
}

/** Changes that are through, one way or the other. */
export function settledChanges({ created, updated, deactivated, failed }: OfferSyncRun): number {
  return created + updated + deactivated + failed;
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${Math.floor(share * 100)} %`;
}

function failures({ failed }: OfferSyncRun): string {
  return `${failed} failed`;
}
