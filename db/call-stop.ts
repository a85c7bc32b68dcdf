import { randomUUID } from 'node:crypto';
import type { CallStops, Outage, StopState } from './call-stops.js';

/** The contract's: while a stop lasts, one read in this time probes for its end. */
export const PROBE_EVERY_MS = 30_000;

/** A refused key that Postgres has not been told of. Times by `performance.now()`. */
interface Unreported {
  outage: Outage;
  sentAt: number;
}

const UNSEEN: Outage = { id: '00000000-0000-0000-0000-000000000000', status: 401, began: '' };

/**
 * Whether all calls are stopped because the platform does not take the key. All processes share it through Postgres;
 * without Postgres each keeps to what it was told itself.
 */
export class CallStop {
  #up = false;
  #outage: Outage | null = null;
  #unreported: Unreported | null = null;
  #probeAt = 0;
  #announced = false;
  #endedAt = -Infinity;
  #listener: () => void = () => {};

  constructor(
    private readonly shared: CallStops,
    readonly probeEveryMs: number,
  ) {}

  /** As far as this process knows. */
  get isUp(): boolean {
    return this.#up;
  }

  /** `listener` is called whenever this process learns of a stop. */
  onUp(listener: () => void): void {
    this.#listener = listener;
  }

  /** What Postgres said just now. */
  heard(up: boolean): void {
    // It does not know all.
    if (this.#unreported !== null) return;
    if (up) this.#learn();
    else this.#up = false;
  }

  /**
   * The platform answered 401 or 403 to a call sent at `sentAt` (by `performance.now()`). True: this began a stop that
   * nobody knew of.
   */
  async raise(status: number, sentAt: number): Promise<boolean> {
    const outage = { id: randomUUID(), status, began: new Date().toISOString() };
    try {
      const begun = await this.shared.raise(outage, performance.now() - sentAt, this.probeEveryMs);
      // Old news begins nothing, and nothing is up then.
      if (begun) this.#learn();
      return begun;
    } catch {
      if (this.#up || sentAt <= this.#endedAt) return false;
      this.#unreported = { outage, sentAt };
      this.#outage = outage;
      this.#announced = false;
      this.#learn();
      return true;
    }
  }

  /** How it stands, and whether this process is to probe now. */
  async turn(): Promise<StopState> {
    try {
      if (this.#unreported !== null) {
        const { outage, sentAt } = this.#unreported;
        await this.shared.raise(outage, performance.now() - sentAt, this.probeEveryMs);
        this.#unreported = null;
      }
      const state = await this.shared.turn(this.probeEveryMs);
      if (state.up) {
        this.#outage = state.outage;
        this.#announced = state.announced;
      }
      this.#up = state.up;
      return state;
    } catch {
      return this.#turnAlone();
    }
  }

  /** People have been told. Should nobody hear of that, they are told again under the same id, which changes nothing. */
  async announced(outage: Outage): Promise<void> {
    this.#announced = true;
    await this.shared.announced(outage).catch(() => undefined);
  }

  /** A probe was answered as it should be. What Postgres does not hear of, its next probe will find out. */
  async end(outage: Outage): Promise<void> {
    this.#up = false;
    this.#unreported = null;
    this.#endedAt = performance.now();
    await this.shared.end(outage).catch(() => undefined);
  }

  #learn(): void {
    if (this.#up) return;
    this.#up = true;
    this.#probeAt = performance.now() + this.probeEveryMs;
    this.#listener();
  }

  #turnAlone(): StopState {
    if (!this.#up) return { up: false };
    const now = performance.now();
    const mine = now >= this.#probeAt;
    if (mine) this.#probeAt = now + this.probeEveryMs;
    // Heard of and not looked at before Postgres went: whoever began it tells people.
    if (this.#outage === null) return { up: true, outage: UNSEEN, announced: true, mine };
    return { up: true, outage: this.#outage, announced: this.#announced, mine };
  }
}
