/** Calls as the platform counts them: on arrival, in strict sliding windows. Times in milliseconds. */
export class ArrivalCounter {
  readonly at: number[] = [];

  #begun = 0;

  /** Whether the call that begins now belongs to an odd group of so many. */
  next(group: number): boolean {
    this.#begun += 1;
    return Math.floor((this.#begun - 1) / group) % 2 === 1;
  }

  arrive(): void {
    this.at.push(performance.now());
  }

  /** The most that any window of this length held. */
  most(windowMs: number): number {
    let first = 0;
    let most = 0;
    this.at.forEach((time, last) => {
      while (time - (this.at[first] ?? time) >= windowMs) first += 1;
      most = Math.max(most, last - first + 1);
    });
    return most;
  }

  /**
   * How much of what is allowed was used, between 0 and 1: without loss call n + `calls` comes one window after call n.
   */
  utilisation(calls: number, windowMs: number): number {
    const gaps = this.at.slice(calls).map((time, n) => time - (this.at[n] ?? time));
    return windowMs / (gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length);
  }
}
