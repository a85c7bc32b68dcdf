/** Postgres stores neither NUL nor half of a surrogate pair, and text from outside may hold both. */
const UNSTORABLE = /[\p{Surrogate}\0]/gu;

/** The text with what Postgres cannot store replaced by U+FFFD. */
export function storable(text: string): string {
  return text.replace(UNSTORABLE, '\uFFFD');
}

/** JSON for a `jsonb` parameter. */
export function toJsonb(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? storable(part) : part));
}
