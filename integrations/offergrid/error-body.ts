const LONGEST = 300;

/**
 * What an error body says, in one line: both documented shapes, `{statusCode, message, error}` (the message may be a
 * list) and `{error, field}`. Undefined for one that is neither, such as a proxy's HTML page.
 */
export function errorMessage(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { message, error, field } = body as Record<string, unknown>;
  const said = texts(message).concat(message === undefined ? texts(error) : []);
  if (said.length === 0) return undefined;
  const line =
    said.join('; ') +
    texts(field)
      .map((name) => ` (${name})`)
      .join('');
  return cut(line);
}

/** How an answer begins, in one line; undefined where there is nothing to show. */
export function beginningOf(text: string): string | undefined {
  const line = cut(text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim());
  return line === '' || line === 'null' ? undefined : line;
}

function cut(line: string): string {
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

function texts(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one): one is string => typeof one === 'string' && one.trim() !== '');
}
