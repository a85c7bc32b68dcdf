import express from 'express';
import { answerBroken } from '../http/answer-broken.js';
import { recordCalls, type Call } from '../http/call-log.js';
import { FaultPlan, type HttpFault } from '../http/fault-plan.js';
import { actOnFaults, drawFaults } from '../http/fault-middleware.js';
import { listen } from '../http/listen.js';
import { BackOffice, type Activation, type Contact, type WorkOrder } from './back-office.js';
import { sampleProducts } from './products.js';
import { providerSystemRoutes, type Settings } from './provider-system-routes.js';
import {
  byRules,
  sampleRules,
  type ServiceabilityAnswer,
  type ServiceabilityRules,
} from './serviceability.js';

export interface SandboxProviderOptions {
  /** Default `127.0.0.1`. */
  host?: string | undefined;
  /** Default 0: a free one. */
  port?: number | undefined;
  /** The bearer key callers must send. */
  apiKey: string;
  /** Default `sampleProducts`. */
  products?: readonly object[] | undefined;
  /** Default `sampleRules`. */
  serviceability?: ServiceabilityAnswer | ServiceabilityRules | undefined;
}

/** The hand that moves the simulated provider systems. What it hands out are copies. */
export interface ProviderControl {
  calls(): Call[];
  workOrders(): WorkOrder[];
  contacts(): Contact[];
  activations(): Activation[];
  /** Replaces the faults; of several that match, earlier ones win. `seed` drives probabilities. */
  setFaults(faults: readonly HttpFault[], seed?: number): void;
  clearFaults(): void;
  setServiceability(answer: ServiceabilityAnswer | ServiceabilityRules): void;
  /** `later` answers activations with 202; whoever plays the CRM sends `service.activated`. */
  setActivation(mode: 'at-once' | 'later'): void;
  /** Of any shape, as a bad night's data may be. `pageSize` null gives the bare array. */
  setProducts(products: readonly object[], pageSize?: number | null): void;
  products(): object[];
  /** Hears of each new work order, after it was made; gives the way to stop hearing. */
  onWorkOrder(hear: (workOrder: WorkOrder) => void): () => void;
  /** Hears of each new activation; gives the way to stop hearing. */
  onActivation(hear: (activation: Activation) => void): () => void;
}

export interface SandboxProvider {
  /** Base address without a trailing slash. */
  url: string;
  port: number;
  control: ProviderControl;
  /** Ends every connection. */
  close: () => Promise<void>;
}

/** Simulated CRM and field service of a provider, in memory. Rejects when it cannot listen. */
export async function startSandboxProvider(options: SandboxProviderOptions): Promise<SandboxProvider> {
  const calls: Call[] = [];
  const faults = new FaultPlan<HttpFault>();
  const office = new BackOffice();
  const closing = new AbortController();
  const settings: Settings = {
    apiKey: options.apiKey,
    products: options.products ?? sampleProducts,
    pageSize: null,
    serviceability: toAnswer(options.serviceability ?? sampleRules),
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(recordCalls(calls, (req) => keyRole(req.get('authorization'), options.apiKey)));
  app.use(drawFaults(faults));
  app.use(actOnFaults(closing.signal));
  app.use(providerSystemRoutes(office, settings));
  app.use(answerBroken);

  const listening = await listen(app, options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    url: listening.url,
    port: listening.port,
    control: providerControl(office, settings, calls, faults),
    async close() {
      closing.abort();
      office.news.removeAllListeners();
      await listening.close();
    },
  };
}

function providerControl(
  office: BackOffice,
  settings: Settings,
  calls: Call[],
  faults: FaultPlan<HttpFault>,
): ProviderControl {
  return {
    calls: () => structuredClone(calls),
    workOrders: () => structuredClone(office.workOrders),
    contacts: () => structuredClone(office.contacts),
    activations: () => structuredClone(office.activations),
    setFaults: (list, seed) => faults.set(list, seed),
    clearFaults: () => faults.set([]),
    setServiceability(answer) {
      settings.serviceability = toAnswer(answer);
    },
    setActivation(mode) {
      office.activateLater = mode === 'later';
    },
    setProducts(products, pageSize = null) {
      settings.products = structuredClone(products);
      settings.pageSize = pageSize;
    },
    products: () => structuredClone([...settings.products]),
    onWorkOrder(hear) {
      office.news.on('workOrder', hear);
      return () => office.news.off('workOrder', hear);
    },
    onActivation(hear) {
      office.news.on('activation', hear);
      return () => office.news.off('activation', hear);
    },
  };
}

const toAnswer = (given: ServiceabilityAnswer | ServiceabilityRules): ServiceabilityAnswer =>
  typeof given === 'function' ? given : byRules(given);

function keyRole(header: string | undefined, apiKey: string): string {
  if (header === undefined) return 'none';
  return header === `Bearer ${apiKey}` ? 'provider' : 'unknown';
}
