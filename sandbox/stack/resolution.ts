/** What one place to look in gave: the thing, or why it is not there. */
export type Attempt<T> = { found: T } | { missing: string };

/** One place to look in. `attempt` may throw: then the error's message is why. */
export interface Step<T> {
  /** For people: "`temporal` on PATH". */
  name: string;
  attempt: () => Promise<Attempt<T>>;
}

export interface Miss {
  step: string;
  why: string;
}

export type Resolution<T> = { found: T } | { misses: Miss[] };

/** Tries the steps in order; later ones are not touched once one has found it. */
export async function firstFound<T>(steps: Step<T>[]): Promise<Resolution<T>> {
  const misses: Miss[] = [];
  for (const step of steps) {
    const result = await step.attempt().catch((error: unknown) => ({
      missing: error instanceof Error ? error.message : String(error),
    }));
    if ('found' in result) return result;
    misses.push({ step: step.name, why: result.missing });
  }
  return { misses };
}

/** Nothing gave the server; the message names every place that was tried and why it failed. */
export class ServerNotFound extends Error {
  constructor(
    what: string,
    readonly misses: Miss[],
  ) {
    const lines = misses.map(({ step, why }) => `  - ${step}: ${why.trim().replaceAll('\n', '\n      ')}`);
    super([`${what} was not found and could not be made. Tried, in this order:`, ...lines].join('\n'));
    this.name = 'ServerNotFound';
  }
}
