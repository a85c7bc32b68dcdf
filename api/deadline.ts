/** It took longer than there was time. */
export class OverdueError extends Error {
  override name = 'OverdueError';
}

/** What `work` gives, or an OverdueError after `ms`; the work itself goes on, its end is not awaited. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new OverdueError(`not done within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
