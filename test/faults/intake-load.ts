import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { signed } from '../api/harness.js';

/** No answer at all: the connection was refused, cut or silent. */
export const NO_ANSWER = 0;

const ANSWER_MS = 10_000;
const AGAIN_MS = 50;

const agent = new Agent({ keepAlive: true });

/** What the platform and the provider's systems send, with a count of how it was answered. */
export class IntakeLoad {
  /** How often each status was answered; 0 counts what was not answered. */
  readonly answers = new Map<number, number>();
  /** Milliseconds until each answer. */
  readonly latencies: number[] = [];
  #turn = 0;

  /** `urls` take turns. Webhooks are signed with the secret of the moment. */
  constructor(private readonly to: { urls: string[]; secret: string; key: string; patience: number }) {}

  /** From now on the platform signs with this one. */
  sign(secret: string): void {
    this.to.secret = secret;
  }

  /** One webhook, sent once. The status, 0 for no answer. */
  webhook(body: object): Promise<number> {
    const raw = JSON.stringify(body);
    return this.#post('/webhooks/offergrid', raw, signed(raw, Date.now(), this.to.secret));
  }

  /** One event of the provider's systems, sent once. */
  event(itemId: string, body: object): Promise<number> {
    const headers = { authorization: `Bearer ${this.to.key}` };
    return this.#post(`/v1/orders/${itemId}/events`, JSON.stringify(body), headers);
  }

  /** Sends again and again, as the platform does, until it is acknowledged. */
  async untilTaken(what: string, send: () => Promise<number>): Promise<void> {
    const end = performance.now() + this.to.patience;
    for (;;) {
      const status = await send();
      if (status === 200 || status === 202) return;
      if (performance.now() > end) throw new Error(`${what} was never acknowledged, last answer ${status}`);
      await wait(AGAIN_MS);
    }
  }

  /** The time within which this share (0 to 1) was answered, in milliseconds. */
  within(share: number): number {
    const sorted = [...this.latencies].sort((a, b) => a - b);
    return Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
  }

  async #post(path: string, body: string, headers: Record<string, string>): Promise<number> {
    const url = this.to.urls[this.#turn++ % this.to.urls.length]!;
    const began = performance.now();
    const status = await statusOf(`${url}${path}`, body, headers);
    this.latencies.push(performance.now() - began);
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    return status;
  }
}

/** Not `fetch`: at hundreds a second that is more work for the machine than answering is. */
function statusOf(url: string, body: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { ...{ method: 'POST', agent, timeout: ANSWER_MS }, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? NO_ANSWER));
      response.on('close', () => resolve(NO_ANSWER));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(NO_ANSWER));
    sent.end(body);
  });
}

/** So many of them at work at a time until all are done. */
export async function atOnce<T>(
  most: number,
  all: readonly T[],
  work: (one: T) => Promise<void>,
): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: most }, worker));
}
