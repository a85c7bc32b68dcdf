import type { FaultPlan } from '../http/fault-plan.js';
import { postBytes } from '../http/post-bytes.js';
import type { WebhookFault } from './faults.js';
import { envelop, type Envelope, type PlatformEvent } from './webhook-envelope.js';
import { signatureHeaders, type SignatureVariant } from './webhook-signature.js';

/** Where webhooks go and how. Times in milliseconds; retries wait `firstRetryMs`, doubled up to `maxRetryMs`. */
export interface WebhookTarget {
  url: string;
  secret: string;
  /** Default `flat`. */
  envelope?: Envelope | undefined;
  /** Default `body`. */
  signature?: SignatureVariant | undefined;
  /** Default 5000. */
  timeoutMs?: number | undefined;
  /** Default 500. */
  firstRetryMs?: number | undefined;
  /** Default 8000. */
  maxRetryMs?: number | undefined;
  /** Default 20. */
  maxAttempts?: number | undefined;
}

/** One attempt to deliver one webhook. */
export interface Delivery {
  at: string;
  to: 'provider' | 'reseller';
  event: string;
  orderId: string | null;
  itemId: string | null;
  /** 1 for the first try. */
  attempt: number;
  url: string;
  headers: Record<string, string>;
  /** The exact text that was sent. */
  body: string;
  /** Null while under way and after a network error or timeout. */
  status: number | null;
  error: string | null;
}

interface Letter {
  event: string;
  orderId: string | null;
  itemId: string | null;
  body: Buffer;
}

/** Signs and sends webhooks until the receiver answers 200, as the simulated platform's courier. */
export class WebhookSender {
  private readonly closing = new AbortController();
  private readonly timers = new Set<NodeJS.Timeout>();
  private gathered: PlatformEvent[] | null = null;

  constructor(
    private readonly to: Delivery['to'],
    private readonly faults: FaultPlan<WebhookFault>,
    private readonly log: Delivery[],
    public target: WebhookTarget | null,
  ) {}

  /** Sends an event in the target's envelope, as the faults allow. Without a target it is dropped. */
  tell(told: PlatformEvent): void {
    if (this.target === null) return;
    let copies = 1;
    let delay = 0;
    for (const fault of this.faults.striking((one) => one.event === undefined || one.event === told.event)) {
      if (fault.kind === 'webhook-off') return;
      if (fault.kind === 'webhook-duplicate') copies += fault.copies;
      if (fault.kind === 'webhook-delay') delay += fault.ms;
      if (fault.kind === 'webhook-shuffle') {
        this.gather(told, fault.windowMs);
        return;
      }
    }
    const letter = this.seal(told);
    for (let copy = 0; copy < copies; copy += 1) this.later(delay, () => void this.attempt(letter, 1));
  }

  /** Sends any JSON text as it is, signed: test events of the dashboard, unknown events, broken ones. */
  tellRaw(text: string, event: string): void {
    const letter = { event, orderId: null, itemId: null, body: Buffer.from(text) };
    this.later(0, () => void this.attempt(letter, 1));
  }

  /** Ends attempts under way and all that wait. */
  close(): void {
    this.closing.abort();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private seal(told: PlatformEvent): Letter {
    const body = JSON.stringify(envelop(told, this.target?.envelope ?? 'flat'));
    return { event: told.event, orderId: told.orderId, itemId: told.itemId, body: Buffer.from(body) };
  }

  private gather(told: PlatformEvent, windowMs: number): void {
    if (this.gathered !== null) {
      this.gathered.push(told);
      return;
    }
    this.gathered = [told];
    this.later(windowMs, () => {
      const letters = this.shuffled(this.gathered ?? []).map((one) => this.seal(one));
      this.gathered = null;
      void this.inTurn(letters);
    });
  }

  /** Never the order they came in, where there is more than one. */
  private shuffled(told: PlatformEvent[]): PlatformEvent[] {
    const ranked = told.map((one) => ({ one, rank: this.faults.random() }));
    const mixed = ranked.sort((a, b) => a.rank - b.rank).map(({ one }) => one);
    return mixed.every((one, at) => one === told[at]) ? mixed.reverse() : mixed;
  }

  private async inTurn(letters: Letter[]): Promise<void> {
    for (const letter of letters) await this.attempt(letter, 1);
  }

  private async attempt(letter: Letter, attempt: number): Promise<void> {
    // Read anew each time: the receiver may have moved, and its secret rotated, since the event.
    const target = this.target;
    if (target === null || this.closing.signal.aborted) return;
    const now = Date.now();
    const signed = signatureHeaders(target.signature ?? 'body', target.secret, letter.body, now);
    const headers = { 'content-type': 'application/json', ...signed };
    const { event, orderId, itemId, body } = letter;
    const delivery: Delivery = {
      ...{ at: new Date(now).toISOString(), to: this.to, event, orderId, itemId, attempt, url: target.url },
      ...{ headers, body: body.toString('utf8'), status: null, error: null },
    };
    this.log.push(delivery);
    try {
      const timeoutMs = target.timeoutMs ?? 5000;
      const { signal } = this.closing;
      const answer = await postBytes({ url: target.url, body, headers, timeoutMs, signal });
      delivery.status = answer.status;
    } catch (error) {
      delivery.error = error instanceof Error ? error.message : String(error);
    }
    if (delivery.status === 200 || attempt >= (target.maxAttempts ?? 20)) return;
    const wait = Math.min((target.firstRetryMs ?? 500) * 2 ** (attempt - 1), target.maxRetryMs ?? 8000);
    this.later(wait, () => void this.attempt(letter, attempt + 1));
  }

  private later(ms: number, run: () => void): void {
    if (this.closing.signal.aborted) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }
}
