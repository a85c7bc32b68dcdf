const LONGEST = 300;

/**
 * What an error body says, in one line: both documented shapes, `{statusCode, message, error}` (the message may be a
 * list) and `{error, field}`. A body that is neither, such as a proxy's HTML page, is not repeated.
 */
export function errorDetail(body: unknown): string {
  if (typeof body !== 'object' || body === null) return 'no message';
  const { message, error, field } = body as Record<string, unknown>;
  const said = texts(message).concat(message === undefined ? texts(error) : []);
  if (said.length === 0) return 'no message';
  const line =
    said.join('; ') +
    texts(field)
      .map((name) => ` (${name})`)
      .join('');
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

function texts(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one): one is string => typeof one === 'string' && one.trim() !== '');
}
