import type { z } from 'zod';
import { call, type Answer, type ProviderClientOptions } from './call.js';
import { ProviderError } from './errors.js';
import { listProducts } from './products.js';
import type {
  ActivationRequest,
  ContactRequest,
  ServiceabilityRequest,
  WorkOrderRequest,
} from './requests.js';
import {
  activation,
  serviceability,
  workOrder,
  type Activation,
  type ProductPage,
  type Serviceability,
} from './schemas.js';

export type { ProviderClientOptions } from './call.js';

/**
 * The provider's own systems (contract, section 6). One attempt per call; every failure is a {@link ProviderError}.
 * The idempotency key must be the same whenever the same thing is asked again.
 */
export interface ProviderClient {
  checkServiceability(request: ServiceabilityRequest, idempotencyKey: string): Promise<Serviceability>;
  contactCustomer(request: ContactRequest, idempotencyKey: string): Promise<void>;
  createWorkOrder(request: WorkOrderRequest, idempotencyKey: string): Promise<{ workOrderId: string }>;
  /** A work order that is not there counts as cancelled. */
  cancelWorkOrder(workOrderId: string, reason: string, idempotencyKey: string): Promise<void>;
  activate(request: ActivationRequest, idempotencyKey: string): Promise<Activation>;
  /**
   * The catalogue page by page, from the page at `from` on where that is given; products that cannot be offered are
   * listed with the reason. Every page is a call of its own.
   */
  listProducts(from?: string | null): AsyncIterable<ProductPage>;
}

export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const post = (operation: string, path: string, body: object, idempotencyKey: string) =>
    call(options, { operation, method: 'POST', url: `${options.baseUrl}${path}`, body, idempotencyKey });

  return {
    checkServiceability: async (request, key) => {
      const answer = await post('checkServiceability', '/serviceability', request, key);
      return parsed('checkServiceability', serviceability, answer);
    },
    contactCustomer: async (request, key) => {
      await post('contactCustomer', '/customer-contacts', request, key);
    },
    createWorkOrder: async (request, key) => {
      const answer = await post('createWorkOrder', '/work-orders', request, key);
      return parsed('createWorkOrder', workOrder, answer);
    },
    cancelWorkOrder: async (workOrderId, reason, key) => {
      try {
        await post('cancelWorkOrder', `/work-orders/${segment(workOrderId)}/cancel`, { reason }, key);
      } catch (error) {
        if (!(error instanceof ProviderError && error.kind === 'not_found')) throw error;
      }
    },
    activate: async (request, key) => {
      const answer = await post('activate', '/activations', request, key);
      return answer.status === 202 ? { activated: false } : parsed('activate', activation, answer);
    },
    listProducts: (from = null) => listProducts(options, from),
  };
}

function parsed<T>(operation: string, schema: z.ZodType<T>, { status, body }: Answer): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const detail = body === undefined ? 'the answer is not JSON' : 'the answer has not the expected shape';
  throw new ProviderError({ operation, kind: 'bad_answer', status, detail, cause: result.error });
}

/** Ids are opaque; a dot segment survives percent-encoding and would be resolved away. */
function segment(id: string): string {
  return /^\.{1,2}$/.test(id) ? id.replaceAll('.', '%252E') : encodeURIComponent(id);
}
