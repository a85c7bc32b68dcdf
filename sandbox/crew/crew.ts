import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Activation, WorkOrder } from '../provider/back-office.js';
import type { SandboxProvider } from '../provider/sandbox-provider.js';
import { EventSender, type SentEvent } from './event-sender.js';
import { accountNumber, stepsOf, type CrewEvent, type Script } from './scripts.js';

export interface CrewOptions {
  /** Base address of the product's API. */
  apiUrl: string;
  /** A key with the scope `events:write`. */
  apiKey: string;
  provider: SandboxProvider;
  /** For all work orders, or chosen for each. Default `standard`. */
  script?: Script | ((workOrder: WorkOrder) => Script) | undefined;
  /** Milliseconds before each step, default 500; `on-demand` waits for `advance`. */
  pace?: number | 'on-demand' | undefined;
  /** Milliseconds before the first retry of an event, default 250. */
  firstRetryMs?: number | undefined;
  /** Default 12. */
  maxAttempts?: number | undefined;
}

/** The simulated field-service crew. */
export interface Crew {
  /** Sends any event for an item, script or not; resolves with what became of it. */
  send(itemId: string, event: CrewEvent & { id?: string; time?: string }): Promise<SentEvent>;
  /** Sends the next step of an item's script; undefined when none is left. */
  advance(itemId: string): Promise<SentEvent | undefined>;
  /** Every event so far, oldest first. */
  sent(): SentEvent[];
  /** Ends all scripts and waits until nothing is under way. */
  close: () => Promise<void>;
}

interface Job {
  workOrder: WorkOrder;
  left: CrewEvent[];
}

/**
 * Watches the sandbox provider's work orders and reports on each by its script. A script ends early when its
 * work order is cancelled, or when the product refuses an event. Activations answered 202 are reported as well.
 */
export function startCrew(options: CrewOptions): Crew {
  const { apiUrl, apiKey, provider, script = 'standard', pace = 500 } = options;
  const { firstRetryMs = 250, maxAttempts = 12 } = options;
  const sender = new EventSender({ apiUrl, apiKey, firstRetryMs, maxAttempts });
  const closing = new AbortController();
  // One for each job under way.
  setMaxListeners(0, closing.signal);
  const jobs = new Map<string, Job>();
  const underWay = new Set<Promise<unknown>>();

  const isOff = (workOrder: WorkOrder): boolean =>
    closing.signal.aborted ||
    provider.control
      .workOrders()
      .some((one) => one.workOrderId === workOrder.workOrderId && one.state === 'cancelled');

  async function step(job: Job): Promise<SentEvent | undefined> {
    const next = isOff(job.workOrder) ? undefined : job.left.shift();
    if (next === undefined) {
      job.left = [];
      return undefined;
    }
    const sent = await sender.send(job.workOrder.itemId, next);
    if (sent.status === null || sent.status >= 300) job.left = [];
    return sent;
  }

  async function walk(job: Job, ms: number): Promise<void> {
    while (job.left.length > 0) {
      await sleep(ms, undefined, { signal: closing.signal });
      await step(job);
    }
  }

  async function reportActivation({ itemId, offer }: Activation, ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: closing.signal });
    const number = accountNumber(itemId);
    const data =
      offer.category === 'insurance'
        ? { policyNumber: `POL-${number}`, effectiveDate: new Date().toISOString().slice(0, 10) }
        : { accountNumber: number };
    await sender.send(itemId, { type: 'service.activated', data });
  }

  function track(work: Promise<unknown>): void {
    const tracked = work.catch((error: unknown) => {
      if (!closing.signal.aborted) throw error;
    });
    underWay.add(tracked);
    void tracked.finally(() => underWay.delete(tracked));
  }

  const deafToWorkOrders = provider.control.onWorkOrder((workOrder) => {
    const chosen = typeof script === 'function' ? script(workOrder) : script;
    const job: Job = { workOrder, left: [...stepsOf(chosen, workOrder, Date.now())] };
    jobs.set(workOrder.itemId, job);
    if (pace !== 'on-demand') track(walk(job, pace));
  });
  const deafToActivations = provider.control.onActivation((activation) => {
    if (activation.pending && pace !== 'on-demand') track(reportActivation(activation, pace));
  });

  return {
    send: (itemId, event) => sender.send(itemId, event),
    async advance(itemId) {
      const job = jobs.get(itemId);
      return job === undefined ? undefined : step(job);
    },
    sent: () => structuredClone(sender.log),
    async close() {
      deafToWorkOrders();
      deafToActivations();
      closing.abort();
      sender.close();
      await Promise.all(underWay);
    },
  };
}
