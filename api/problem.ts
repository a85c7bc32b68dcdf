import { STATUS_CODES } from 'node:http';

export interface FieldProblem {
  /** Dotted from the body's root, `''` for the body itself. */
  path: string;
  message: string;
}

/** An answer other than success, as RFC 9457 has it. What it says reaches the caller. */
export class Problem extends Error {
  override name = 'Problem';

  constructor(
    readonly status: number,
    readonly detail: string,
    readonly more: { errors?: FieldProblem[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
  }
}

/** The body of an `application/problem+json` answer. */
export function problemBody({ status, detail, more }: Problem) {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    ...(more.errors === undefined ? {} : { errors: more.errors }),
  };
}

export function malformed(errors: FieldProblem[]): Problem {
  const paths = errors.map(({ path }) => path).filter((path) => path !== '');
  return new Problem(400, paths.length === 0 ? 'The body is malformed.' : `Wrong: ${paths.join(', ')}.`, {
    errors,
  });
}

export function unavailable(detail: string): Problem {
  return new Problem(503, detail, { headers: { 'retry-after': '5' } });
}
