import { NotReady } from './readiness.js';

const ATTEMPTS = 3;
const PORT_TAKEN = /address already in use|EADDRINUSE|could not bind/i;

/** A free port may be taken before it is bound; then the whole start is tried again, on other ports. */
export async function retryOnTakenPort<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof NotReady && PORT_TAKEN.test(error.output))) throw error;
    }
  }
}
