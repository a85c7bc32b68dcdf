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

/** The product's API as its operators use it. */
export interface ProductApi {
  /** Undefined while the product has not heard of the item, or does not answer. */
  order(itemId: string): Promise<OrderAnswer | undefined>;
  /** @throws Error with the answer when the command was not carried out */
  command(itemId: string, command: { command: string; [field: string]: string }): Promise<void>;
}

const TIMEOUT_MS = 10_000;

export function createProductApi(apiUrl: string, apiKey: string): ProductApi {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const address = (itemId: string) => `${apiUrl}/v1/orders/${encodeURIComponent(itemId)}`;
  return {
    async order(itemId) {
      const options = { headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const response = await fetch(address(itemId), options).catch(() => undefined);
      if (response?.ok === true) return (await response.json()) as OrderAnswer;
      await response?.body?.cancel();
      return undefined;
    },
    async command(itemId, command) {
      const response = await fetch(`${address(itemId)}/commands`, {
        method: 'POST',
        headers,
        body: JSON.stringify(command),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${command.command} was answered ${response.status}: ${text}`);
    },
  };
}
