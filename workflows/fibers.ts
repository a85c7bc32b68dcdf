import { condition } from '@temporalio/workflow';

/** A place where the story, or work beside it, waits with nothing in hand. */
interface RestingPlace {
  woken: boolean;
  holds: () => boolean;
}

/** What of an item goes on at the same time: its story, and the work beside it. */
export class Fibers {
  readonly #beside = new Set<Promise<void>>();
  readonly #resting = new Set<RestingPlace>();

  /** Work beside the story that must be over before the run may close. */
  beside(work: Promise<void>): void {
    const watched = work.finally(() => this.#beside.delete(watched));
    this.#beside.add(watched);
  }

  /** Until no work beside the story is left. */
  async done(): Promise<void> {
    while (this.#beside.size > 0) await Promise.all(this.#beside);
  }

  /** Waits with nothing in hand: meanwhile the item may be carried over to another run. `within` in milliseconds. */
  async rest(holds: () => boolean, within?: number): Promise<void> {
    const place: RestingPlace = { woken: false, holds };
    this.#resting.add(place);
    const woken = () => (place.woken ||= holds());
    try {
      await (within === undefined ? condition(woken) : condition(woken, within));
    } finally {
      // It may be cancelled with the call it waits for.
      this.#resting.delete(place);
    }
  }

  /** Something has come for one that waited. */
  get wake(): boolean {
    return [...this.#resting].some(({ woken, holds }) => woken || holds());
  }

  /** The story and all work beside it wait, and nothing has come that would wake them. */
  get allRest(): boolean {
    return this.#resting.size === 1 + this.#beside.size && !this.wake;
  }
}
