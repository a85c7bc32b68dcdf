import { Router } from 'express';
import { callOf } from '../http/call-log.js';
import { newOffer, offerChange } from './offer-fields.js';
import { itemStatus, statusUpdate } from './order-item.js';
import type { Platform } from './platform.js';
import { refuse, refuseBody } from './refusals.js';

/** `/provider/*` of the simulated platform. The list is a bare array of the same items as the single read. */
export function providerRoutes(platform: Platform): Router {
  const routes = Router();
  const { book, shelf } = platform;

  routes.get('/orders', (req, res) => {
    const wanted = itemStatus.optional().safeParse(req.query['status']);
    if (!wanted.success) {
      refuse(res, 400, `status must be one of the following values: ${itemStatus.options.join(', ')}`);
      return;
    }
    const items = book.allItems();
    res.json(wanted.data === undefined ? items : items.filter((item) => item.status === wanted.data));
  });

  routes.get('/orders/:itemId', (req, res) => {
    const item = book.item(req.params.itemId);
    if (item === undefined) refuse(res, 404, 'Order item not found');
    else res.json(item);
  });

  routes.patch('/orders/:itemId/status', (req, res) => {
    const item = book.item(req.params.itemId);
    const update = statusUpdate.safeParse(req.body);
    if (!update.success) return refuseBody(res, update.error);
    if (item === undefined) return refuse(res, 404, 'Order item not found');
    const moved = platform.updateByProvider(item, update.data);
    if (!moved.moved) return refuse(res, 409, moved.message);
    callOf(res).applied = true;
    res.json(item);
  });

  routes.get('/offers', (_req, res) => {
    res.json(shelf.all());
  });

  routes.post('/offers', (req, res) => {
    const body = newOffer.safeParse(req.body);
    if (!body.success) return refuseBody(res, body.error);
    const stored = shelf.create(body.data);
    if (stored.kind === 'wrong-data') return refuseBody(res, stored.error);
    if (stored.kind === 'sku-taken') return refuse(res, 409, `SKU ${stored.sku} already exists`);
    callOf(res).applied = true;
    res.status(201).json(stored.offer);
  });

  routes.get('/offers/:id', (req, res) => {
    const found = shelf.find(req.params.id);
    if (found === undefined) refuse(res, 404, 'Offer not found');
    else res.json(found);
  });

  routes.patch('/offers/:id', (req, res) => {
    const body = offerChange.safeParse(req.body);
    const found = shelf.find(req.params.id);
    if (!body.success) return refuseBody(res, body.error);
    if (found === undefined) return refuse(res, 404, 'Offer not found');
    const stored = shelf.change(found, body.data);
    if (stored.kind === 'wrong-data') return refuseBody(res, stored.error);
    if (stored.kind === 'sku-taken') return refuse(res, 409, `SKU ${stored.sku} already exists`);
    callOf(res).applied = true;
    res.json(stored.offer);
  });

  routes.delete('/offers/:id', (req, res) => {
    const found = shelf.find(req.params.id);
    if (found === undefined) return refuse(res, 404, 'Offer not found');
    shelf.remove(found.id);
    callOf(res).applied = true;
    res.json(found);
  });

  return routes;
}
