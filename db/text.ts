/** Postgres stores neither NUL nor half of a surrogate pair, and text from outside may hold both. */
const UNSTORABLE = /[\p{Surrogate}\0]/gu;

/** The text with what Postgres cannot store replaced by U+FFFD. */
export function storable(text: string): string {
  return text.replace(UNSTORABLE, '\uFFFD');
}

/** JSON for a `jsonb` parameter. */
export function toJsonb(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'string') return storable(part);
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, of]) => [storable(key), of as unknown]));
  });
}
