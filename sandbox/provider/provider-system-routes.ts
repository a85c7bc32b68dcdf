import { Router } from 'express';
import type { z } from 'zod';
import { callOf } from '../http/call-log.js';
import type { BackOffice } from './back-office.js';
import { IdempotentAnswers, type Answer } from './idempotency.js';
import { productList } from './products.js';
import {
  activationRequest,
  customerContact,
  serviceabilityQuery,
  workOrderCancel,
  workOrderRequest,
} from './requests.js';
import type { ServiceabilityAnswer } from './serviceability.js';

/** What the control may change while the simulated systems run. */
export interface Settings {
  apiKey: string;
  products: readonly object[];
  pageSize: number | null;
  serviceability: ServiceabilityAnswer;
}

/** The provider API of the project's contract, section 6. */
export function providerSystemRoutes(office: BackOffice, settings: Settings): Router {
  const routes = Router();
  const once = new IdempotentAnswers();

  routes.use((req, res, next) => {
    if (req.get('authorization') === `Bearer ${settings.apiKey}`) next();
    else res.status(401).json({ error: 'Invalid API key' });
  });

  routes.post(
    '/serviceability',
    once.handle((body) =>
      parsed(serviceabilityQuery, body, async (query) => ({
        status: 200,
        body: await settings.serviceability(query),
      })),
    ),
  );

  routes.post(
    '/customer-contacts',
    once.handle((body) =>
      parsed(customerContact, body, (contact) => {
        office.addContact(contact);
        return { status: 201, body: { accepted: true } };
      }),
    ),
  );

  routes.post(
    '/work-orders',
    once.handle((body) =>
      parsed(workOrderRequest, body, (request) => ({
        status: 201,
        body: { workOrderId: office.addWorkOrder(request).workOrderId },
      })),
    ),
  );

  routes.post(
    '/work-orders/:id/cancel',
    once.handle((body, params) =>
      parsed(workOrderCancel, body, ({ reason }) =>
        office.cancelWorkOrder(params['id'] ?? '', reason)
          ? { status: 200, body: { cancelled: true } }
          : { status: 404, body: { error: 'No such work order' } },
      ),
    ),
  );

  routes.post(
    '/activations',
    once.handle((body) =>
      parsed(activationRequest, body, (request) => {
        const { pending, accountNumber, policyNumber, effectiveDate } = office.activate(request);
        if (pending) return { status: 202, body: { accepted: true } };
        return { status: 200, body: { activated: true, accountNumber, policyNumber, effectiveDate } };
      }),
    ),
  );

  routes.get('/products', (req, res) => {
    const base = `${req.protocol}://${req.get('host') ?? ''}`;
    const page = Number(callOf(res).query['page'] ?? 1);
    res.json(productList(settings.products, settings.pageSize, page, base));
  });

  routes.use((_req, res) => void res.status(404).json({ error: 'No such route' }));
  return routes;
}

function parsed<S extends z.ZodType>(
  schema: S,
  body: unknown,
  act: (value: z.infer<S>) => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  const result = schema.safeParse(body);
  if (result.success) return act(result.data);
  const errors = result.error.issues.map(({ path, message }) => ({
    path: path.map(String).join('.'),
    message,
  }));
  return { status: 400, body: { error: 'Invalid request', errors } };
}
