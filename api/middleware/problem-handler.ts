import type { ErrorRequestHandler, RequestHandler } from 'express';
import { isPostgresAway } from '../../db/postgres-away.js';
import { BadCursorError } from '../../db/order-list.js';
import { OverdueError } from '../deadline.js';
import type { Logger } from '../logger.js';
import { malformed, Problem, problemBody, unavailable } from '../problem.js';
import { isTemporalAway } from '../temporal-client.js';
import { MOST_BYTES } from './raw-body.js';

/** Turns whatever a route threw into a problem; only our own words reach the caller. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const requestId = res.locals['requestId'] as string;
      logger[problem.status === 500 ? 'error' : 'warn']({ requestId, err: error }, 'request failed');
    }
    if (res.headersSent) return next(error);
    res.set(problem.more.headers ?? {});
    res
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemBody(problem)));
  };
}

export const noSuchRoute: RequestHandler = () => {
  throw new Problem(404, 'There is nothing here.');
};

/** For the end of a route's own chain. */
export function only(...methods: string[]): RequestHandler {
  const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  return (req) => {
    throw new Problem(405, `${req.method} is not possible here.`, { headers: { allow: allow.join(', ') } });
  };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof BadCursorError)
    return malformed([{ path: 'cursor', message: 'no page gave this out' }]);
  if (isPostgresAway(error)) return unavailable('The database cannot be reached. Please try again.');
  if (isTemporalAway(error) || error instanceof OverdueError)
    return unavailable('The workflow service cannot be reached. Please try again.');
  const status = httpStatusOf(error);
  if (status === 413) return new Problem(413, `The body is larger than ${MOST_BYTES} bytes.`);
  if (status === 415) return new Problem(415, 'Compressed bodies are not taken.');
  if (status !== undefined && status >= 400 && status < 500)
    return new Problem(status, 'The request cannot be read.');
  return new Problem(500, 'Something went wrong on our side.');
}

/** What express and its body reader put on their errors. */
function httpStatusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' ? status : undefined;
}
