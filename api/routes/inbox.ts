import { Router } from 'express';
import type { Inbox } from '../../db/inbox.js';
import { only } from '../middleware/problem-handler.js';
import type { RequireScope } from '../middleware/require-scope.js';
import { Problem } from '../problem.js';
import { parseInboxQuery } from '../schemas/inbox-query.js';

/** Webhooks as they were stored, and another try for those that could not be processed. */
export function inboxRoutes(parts: {
  requireScope: RequireScope;
  inbox: Inbox;
  wakeDrain: () => void;
}): Router {
  const { requireScope, inbox, wakeDrain } = parts;
  const router = Router();
  router
    .route('/v1/inbox')
    .get(requireScope('orders:operate'), async (req, res) => {
      const { items, nextCursor } = await inbox.list(parseInboxQuery(req.query));
      res.json({
        items: items.map(({ id, receivedAt, event, itemId, orderId, state, reason, attempts }) => ({
          ...{ id, receivedAt, event, itemId, orderId, state, reason, attempts },
        })),
        nextCursor,
      });
    })
    .all(only('GET'));
  router
    .route('/v1/inbox/:id/replay')
    .post(requireScope('orders:operate'), async (req, res) => {
      const { id } = req.params;
      const replayed = /^\d{1,18}$/.test(id) ? await inbox.replay(id) : 'unknown';
      if (replayed === 'unknown') throw new Problem(404, 'There is no such webhook.');
      if (replayed === 'processed') throw new Problem(409, 'This webhook has been processed.');
      res.status(202).json({ id, state: 'received' });
      wakeDrain();
    })
    .all(only('POST'));
  return router;
}
