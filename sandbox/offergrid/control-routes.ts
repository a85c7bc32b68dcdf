import express, { Router, type ErrorRequestHandler, type RequestHandler } from 'express';
import { z } from 'zod';
import type { OffergridControl } from './control.js';
import { createOrder } from './create-order.js';
import { fault } from './faults.js';
import { offer } from './offer-fields.js';
import { itemStatus, statusUpdate } from './order-item.js';

const placeOrder = z.strictObject({
  ...createOrder.pick({ notes: true, metadata: true }).shape,
  items: createOrder.shape.items.optional(),
  customerInfo: z.partialRecord(z.enum(['fullName', 'email', 'phone']), z.string().nullable()).optional(),
  serviceAddress: z
    .partialRecord(z.enum(['street', 'city', 'state', 'zipCode', 'country']), z.string().nullable())
    .optional(),
  orderId: z.string().optional(),
  itemIds: z.array(z.string()).optional(),
  createdAt: z.iso.datetime({ offset: true }).optional(),
  silent: z.boolean().optional(),
});
const cancel = z.strictObject({ id: z.string(), reason: z.string().optional() });
const status = z.strictObject({
  ...statusUpdate.omit({ status: true }).shape,
  itemId: z.string(),
  status: itemStatus,
  by: z.enum(['provider', 'reseller', 'platform', 'dashboard']).default('dashboard'),
});
const webhook = z
  .strictObject({
    url: z.url(),
    secret: z.string(),
    envelope: z.enum(['flat', 'nested']),
    signature: z.enum(['body', 'timestamped']),
    timeoutMs: z.int().positive(),
    firstRetryMs: z.int().positive(),
    maxRetryMs: z.int().positive(),
    maxAttempts: z.int().positive(),
  })
  .partial()
  .nullable();
const faults = z.strictObject({ faults: z.array(fault), seed: z.int().optional() });

/** The control over HTTP, below `/control`: the same functions, for callers on this machine only. */
export function controlRoutes(control: OffergridControl): Router {
  const routes = Router();
  routes.use(loopbackOnly, express.json({ strict: false, limit: '1mb' }));
  routes.post('/orders', (req, res) => {
    res.status(201).json(control.placeOrder(placeOrder.parse(req.body ?? {})));
  });
  routes.post('/cancel', (req, res) => {
    const { id, reason } = cancel.parse(req.body);
    control.cancelAsReseller(id, reason);
    res.sendStatus(204);
  });
  routes.post('/status', (req, res) => {
    const { itemId, status: to, ...more } = status.parse(req.body);
    control.setStatus(itemId, to, more);
    res.sendStatus(204);
  });
  routes.put('/webhook', (req, res) => {
    control.setWebhook(webhook.parse(req.body));
    res.sendStatus(204);
  });
  routes.put('/reseller-webhook', (req, res) => {
    control.setResellerWebhook(webhook.parse(req.body));
    res.sendStatus(204);
  });
  routes.post('/webhook/send', (req, res) => {
    control.sendWebhook(req.body);
    res.sendStatus(204);
  });
  routes.put('/faults', (req, res) => {
    const body = faults.parse(req.body);
    control.setFaults(body.faults, body.seed);
    res.sendStatus(204);
  });
  routes.delete('/faults', (_req, res) => {
    control.clearFaults();
    res.sendStatus(204);
  });
  routes.get('/calls', (_req, res) => void res.json(control.calls()));
  routes.get('/items', (_req, res) => void res.json(control.items()));
  routes.get('/offers', (_req, res) => void res.json(control.offers()));
  routes.put('/offers', (req, res) => {
    control.setOffers(z.array(offer).parse(req.body));
    res.sendStatus(204);
  });
  routes.get(
    '/items/:itemId/transitions',
    (req, res) => void res.json(control.transitions(req.params.itemId)),
  );
  routes.get('/items/:itemId/path', (req, res) => void res.json(control.path(req.params.itemId)));
  routes.get('/deliveries', (_req, res) => void res.json(control.deliveries()));
  routes.use(wrongUse);
  return routes;
}

const loopbackOnly: RequestHandler = (req, res, next) => {
  const from = req.socket.remoteAddress ?? '';
  if (from === '::1' || from.replace('::ffff:', '').startsWith('127.')) next();
  else res.status(403).json({ error: 'the control is for this machine only' });
};

/** What the control throws is the caller's wrong use. */
const wrongUse: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  res.status(400).json({ error: error instanceof Error ? error.message : String(error) });
};
