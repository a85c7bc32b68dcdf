/** As much of an item as the demo looks at; the product's `GET /v1/orders/{itemId}`. */
export interface OrderAnswer {
  stage: string;
  outcome: string | null;
  sla: { state: string; deadline: string } | null;
  attention: { code: string } | null;
  timeline: TimelineLine[];
}

export interface TimelineLine {
  at: string;
  type: string;
  actor: string;
  note: string | null;
}

/** As much of a run of the offer sync as the demo looks at; `GET /v1/offers/sync/{runId}`. */
export interface SyncAnswer {
  runId: string;
  status: string;
  reason: string | null;
  created: number;
  updated: number;
  unchanged: number;
  deactivated: number;
  failed: number;
  changes: { sku: string; action: string; fields?: Record<string, { from: unknown; to: unknown }> }[];
}

/** The product's API as its operators use it. */
export interface ProductApi {
  /** Undefined while the product has not heard of the item, or does not answer. */
  order(itemId: string): Promise<OrderAnswer | undefined>;
  /** @throws Error with the answer when the command was not carried out */
  command(itemId: string, command: { command: string; [field: string]: string }): Promise<void>;
  /** Has the offers synced; the run's id. The next two are about that run. @throws Error with any other answer */
  startSync(request: { dryRun: boolean }): Promise<string>;
  sync(runId: string): Promise<SyncAnswer>;
  stopSync(runId: string): Promise<SyncAnswer>;
}

const TIMEOUT_MS = 10_000;

export function createProductApi(apiUrl: string, apiKey: string): ProductApi {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const address = (itemId: string) => `${apiUrl}/v1/orders/${encodeURIComponent(itemId)}`;
  /** @throws Error with the answer unless it is 2xx */
  const call = async (method: string, url: string, body?: object): Promise<unknown> => {
    const response = await fetch(url, {
      ...{ method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url} was answered ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    async order(itemId) {
      const options = { headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const response = await fetch(address(itemId), options).catch(() => undefined);
      if (response?.ok === true) return (await response.json()) as OrderAnswer;
      await response?.body?.cancel();
      return undefined;
    },
    async command(itemId, command) {
      await call('POST', `${address(itemId)}/commands`, command);
    },
    async startSync(request) {
      const { runId } = (await call('POST', `${apiUrl}/v1/offers/sync`, request)) as { runId: string };
      return runId;
    },
    sync: async (runId) => (await call('GET', `${apiUrl}/v1/offers/sync/${runId}`)) as SyncAnswer,
    stopSync: async (runId) => (await call('POST', `${apiUrl}/v1/offers/sync/${runId}/stop`)) as SyncAnswer,
  };
}
