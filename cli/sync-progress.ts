import type { OfferSyncProgress } from '../db/offer-sync-progress.js';
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
 * of the changes. A dry run sends nothing.
 */
export function createSyncProgress(screen: Screen) {
  let tenthsTold = 0;
  return {
    show({ dryRun, failed }: OfferSyncRun, { settled, planned }: OfferSyncProgress): void {
      const sends = !dryRun && planned > 0;
      const share = sends ? settled / planned : 0;
      const told = `${settled} of ${planned} changes, ${failed} failed`;
      if (screen.isTTY === true) {
        const line = sends ? `${bar(share)} ${told}` : 'Reading and comparing …';
        screen.write(`\r${line.slice(0, (screen.columns ?? 80) - 1)}${CLEAR_TO_END}`);
        return;
      }
      const tenths = Math.floor(10 * share);
      if (tenths > tenthsTold) screen.write(`${told}\n`);
      tenthsTold = tenths;
    },

    /** Leaves the terminal's line to what comes next. */
    end(): void {
      if (screen.isTTY === true) screen.write(`\r${CLEAR_TO_END}`);
    },
  };
}

function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${Math.floor(share * 100)} %`;
}
