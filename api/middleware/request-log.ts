import type { RequestHandler } from 'express';
import type { Logger } from '../logger.js';

/** One line for each request: the route's pattern, never its address, which holds ids and queries. */
export function requestLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const began = process.hrtime.bigint();
    res.on('close', () => {
      const route = (req.route as { path?: unknown } | undefined)?.path;
      const line = {
        requestId: res.locals['requestId'] as string,
        method: req.method,
        route: typeof route === 'string' ? route : 'unmatched',
        status: res.statusCode,
        ms: Number((process.hrtime.bigint() - began) / 1_000_000n),
        ...(res.writableFinished ? {} : { aborted: true }),
      };
      logger[isProbe(line.route) ? 'debug' : 'info'](line, 'request');
    });
    next();
  };
}

/** Asked every few seconds by whatever watches the process. */
function isProbe(route: string): boolean {
  return route === '/healthz' || route === '/readyz';
}
