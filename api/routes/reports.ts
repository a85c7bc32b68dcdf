import { Router } from 'express';
import type { OrderRecords } from '../../db/order-records.js';
import { only } from '../middleware/problem-handler.js';
import type { RequireScope } from '../middleware/require-scope.js';
import { parseReportRange } from '../schemas/report-range.js';

/** The provider's fulfilment figures. */
export function reportRoutes(parts: { requireScope: RequireScope; records: OrderRecords }): Router {
  const { requireScope, records } = parts;
  const router = Router();
  router
    .route('/v1/reports/fulfillment')
    .get(requireScope('orders:read'), async (req, res) => {
      const { from, to } = parseReportRange(req.query);
      res.json(await records.report(from, to));
    })
    .all(only('GET'));
  return router;
}
