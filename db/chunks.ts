/** So many rows to a statement: each stays well within the time a statement has. */
const AT_ONCE = 1_000;

/** `work` gets each chunk with the number of entries before it. */
export async function inChunks<T>(
  entries: readonly T[],
  work: (chunk: readonly T[], from: number) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < entries.length; from += AT_ONCE)
    await work(entries.slice(from, from + AT_ONCE), from);
}
