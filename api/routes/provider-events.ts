import { Router } from 'express';
import type { AcceptEvent, Acceptance } from '../accept-event.js';
import { only } from '../middleware/problem-handler.js';
import { bytesOf } from '../middleware/raw-body.js';
import type { RequireScope } from '../middleware/require-scope.js';
import { jsonObject } from '../schemas/json-object.js';
import { parseProviderEvent } from '../schemas/provider-event.js';
import { parseWorkOrderStatus } from '../schemas/work-order-status.js';

/** What the provider's own systems report: events as such, and work orders as their status changes. */
export function providerEventRoutes(parts: {
  requireScope: RequireScope;
  acceptEvent: AcceptEvent;
  now: () => Date;
}): Router {
  const { requireScope, acceptEvent, now } = parts;
  const router = Router();
  router
    .route('/v1/orders/:itemId/events')
    .post(requireScope('events:write'), async (req, res) => {
      const body = jsonObject(bytesOf(req));
      const received = parseProviderEvent(body, req.get('idempotency-key'), now().toISOString());
      const acceptance = await acceptEvent(req.params.itemId, received);
      res.status(statusOf(acceptance)).json(acceptance);
    })
    .all(only('POST'));
  router
    .route('/v1/work-orders/:workOrderId/status')
    .put(requireScope('events:write'), async (req, res) => {
      const { workOrderId } = req.params;
      const body = jsonObject(bytesOf(req));
      const key = req.get('idempotency-key');
      const received = parseWorkOrderStatus(workOrderId, body, key, now().toISOString());
      const acceptance = await acceptEvent(received.itemId, received, workOrderId);
      res.status(statusOf(acceptance)).json(acceptance);
    })
    .all(only('PUT'));
  return router;
}

function statusOf({ duplicate }: Acceptance): 200 | 202 {
  return duplicate ? 200 : 202;
}
