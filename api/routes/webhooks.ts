import { Router } from 'express';
import { verifySignature } from '../../integrations/offergrid/webhook-signature.js';
import { only } from '../middleware/problem-handler.js';
import { bytesOf } from '../middleware/raw-body.js';
import { Problem } from '../problem.js';
import type { ReceiveWebhook } from '../receive-webhook.js';
import { jsonObject } from '../schemas/json-object.js';

/** Platform events. Answered 200 once they cannot be lost, then worked on. */
export function webhookRoutes(parts: {
  secrets: readonly string[];
  receive: ReceiveWebhook;
  wakeDrain: () => void;
  now: () => Date;
}): Router {
  const { secrets, receive, wakeDrain, now } = parts;
  const router = Router();
  for (const path of ['/webhooks/offergrid', '/webhooks/offergrid/orders']) {
    router
      .route(path)
      .post(async (req, res) => {
        const bytes = bytesOf(req);
        const signature = verifySignature({
          rawBody: bytes,
          signature: req.get('x-offergrid-signature'),
          timestamp: req.get('x-offergrid-timestamp'),
          secrets,
          nowMs: now().getTime(),
        });
        if (!signature.ok) throw new Problem(401, `The signature is ${REASONS[signature.reason]}.`);
        const reception = await receive(jsonObject(bytes), bytes.toString('utf8'));
        res.json({ received: true, duplicate: reception === 'duplicate' });
        if (reception === 'stored') wakeDrain();
      })
      .all(only('POST'));
  }
  return router;
}

const REASONS = {
  missing: 'missing',
  malformed: 'not 64 lower-case hex digits',
  mismatch: 'wrong',
  stale: 'too old or too new',
} as const;
