import { Router } from 'express';
import { only } from '../middleware/problem-handler.js';
import type { Readiness } from '../readiness.js';

/** For whatever watches the process: alive, and able to keep a webhook. */
export function healthRoutes(readiness: () => Promise<Readiness>): Router {
  const router = Router();
  router
    .route('/healthz')
    .get((_, res) => {
      res.json({ status: 'ok' });
    })
    .all(only('GET'));
  router
    .route('/readyz')
    .get(async (_, res) => {
      const ready = await readiness();
      res.status(ready.status === 'ok' ? 200 : 503).json(ready);
    })
    .all(only('GET'));
  return router;
}
