import { Router } from 'express';
import { z } from 'zod';
import { callOf } from '../http/call-log.js';
import { catalog, catalogQuery, resellerOffer } from './catalog.js';
import { createOrder, orderFault } from './create-order.js';
import { itemStatus } from './order-item.js';
import type { Platform } from './platform.js';
import { refuse, refuseBody } from './refusals.js';

// The reference shows no body for a cancel, the guide a reason: both are taken.
const cancelBody = z.object({ reason: z.string().optional() }).optional();

/** `/reseller/*` of the simulated platform, as far as it is documented. */
export function resellerRoutes(platform: Platform): Router {
  const routes = Router();
  const { book, shelf } = platform;

  routes.get('/catalog', (req, res) => {
    const query = catalogQuery.safeParse(req.query);
    if (!query.success) refuseBody(res, query.error);
    else res.json(catalog(shelf.all(), query.data));
  });

  routes.get('/catalog/:offerId', (req, res) => {
    const found = shelf.orderable(req.params.offerId);
    if (found === undefined) refuse(res, 404, 'Offer not found');
    else res.json(resellerOffer(found));
  });

  routes.post('/orders', (req, res) => {
    const order = createOrder.safeParse(req.body);
    if (!order.success) {
      res.status(400).json(orderFault(order.error));
      return;
    }
    if (order.data.items.some(({ offerId }) => shelf.orderable(offerId) === undefined)) {
      refuse(res, 404, 'One or more offers are not available to your team');
      return;
    }
    const placed = platform.place(order.data);
    callOf(res).applied = true;
    res.status(201).json(placed);
  });

  routes.get('/orders', (req, res) => {
    const wanted = itemStatus.optional().safeParse(req.query['status']);
    if (!wanted.success) return refuseBody(res, wanted.error);
    const views = book.allOrders().map((order) => platform.resellerView(order));
    res.json(wanted.data === undefined ? views : views.filter((view) => view['status'] === wanted.data));
  });

  routes.get('/orders/:orderId', (req, res) => {
    const order = book.order(req.params.orderId);
    if (order === undefined) refuse(res, 404, 'Order not found');
    else res.json(platform.resellerView(order));
  });

  routes.patch('/orders/:orderId/cancel', (req, res) => {
    const body = cancelBody.safeParse(req.body);
    const order = book.order(req.params.orderId);
    if (!body.success) return refuseBody(res, body.error);
    if (order === undefined) return refuse(res, 404, 'Order not found');
    const cancelled = platform.cancelByReseller(book.itemsOf(order.orderId), body.data?.reason);
    if (!cancelled.moved) return refuse(res, 409, cancelled.message);
    callOf(res).applied = true;
    res.json(platform.resellerView(order));
  });

  return routes;
}
