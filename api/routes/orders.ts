import { Router } from 'express';
import type { OrderRecords } from '../../db/order-records.js';
import type { FindKnownItem } from '../known-item.js';
import { only } from '../middleware/problem-handler.js';
import type { RequireScope } from '../middleware/require-scope.js';
import type { OrderPresenter } from '../order-presenter.js';
import { parseOrderQuery } from '../schemas/order-query.js';

/** What is known of items: the list, and one with its story. */
export function orderRoutes(parts: {
  requireScope: RequireScope;
  records: OrderRecords;
  findKnownItem: FindKnownItem;
  presenter: OrderPresenter;
}): Router {
  const { requireScope, records, findKnownItem, presenter } = parts;
  const router = Router();
  router
    .route('/v1/orders')
    .get(requireScope('orders:read'), async (req, res) => {
      const { items, nextCursor } = await records.list(parseOrderQuery(req.query));
      res.json({ items: items.map(presenter.present), nextCursor });
    })
    .all(only('GET'));
  router
    .route('/v1/orders/:itemId')
    .get(requireScope('orders:read'), async (req, res) => {
      const { view } = await findKnownItem(req.params.itemId);
      const timeline = await records.timeline(view.itemId);
      res.json({ ...presenter.present(view), timeline });
    })
    .all(only('GET'));
  return router;
}
