import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { postBytes } from '../http/post-bytes.js';
import type { CrewEvent } from './scripts.js';

/** One event the crew sent, with what became of it. */
export interface SentEvent {
  id: string;
  itemId: string;
  type: string;
  attempts: number;
  /** The last HTTP status; null when no answer came. */
  status: number | null;
  /** `answered`: any final status; `gave-up`: retries are used up; `closed`: the crew went home. */
  result: 'under-way' | 'answered' | 'gave-up' | 'closed';
}

export interface EventSenderOptions {
  apiUrl: string;
  apiKey: string;
  /** Milliseconds before the first retry, doubled up to 4 s. */
  firstRetryMs: number;
  maxAttempts: number;
}

/** Sends provider events; the same id and body again on network errors, 408, 429 and 5xx. */
export class EventSender {
  readonly log: SentEvent[] = [];
  private readonly closing = new AbortController();

  constructor(private readonly options: EventSenderOptions) {
    // One for each event under way.
    setMaxListeners(0, this.closing.signal);
  }

  /** Resolves with the entry of the log once it is settled; never rejects. */
  async send(itemId: string, event: CrewEvent & { id?: string; time?: string }): Promise<SentEvent> {
    const id = event.id ?? `evt-${randomUUID()}`;
    const time = event.time ?? new Date().toISOString();
    const body = JSON.stringify({ id, type: event.type, time, source: 'simulated-crew', data: event.data });
    const sent: SentEvent = { id, itemId, type: event.type, attempts: 0, status: null, result: 'under-way' };
    this.log.push(sent);
    for (let wait = this.options.firstRetryMs; ; wait = Math.min(wait * 2, 4000)) {
      sent.attempts += 1;
      sent.status = await this.post(itemId, Buffer.from(body));
      if (this.closing.signal.aborted) return Object.assign(sent, { result: 'closed' as const });
      if (sent.status !== null && !isPassing(sent.status)) {
        return Object.assign(sent, { result: 'answered' as const });
      }
      if (sent.attempts >= this.options.maxAttempts)
        return Object.assign(sent, { result: 'gave-up' as const });
      await sleep(wait, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
  }

  close(): void {
    this.closing.abort();
  }

  private async post(itemId: string, body: Buffer): Promise<number | null> {
    const { apiUrl, apiKey } = this.options;
    try {
      const answer = await postBytes({
        url: `${apiUrl}/v1/orders/${encodeURIComponent(itemId)}/events`,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
        ...{ body, timeoutMs: 10_000, signal: this.closing.signal },
      });
      return answer.status;
    } catch {
      return null;
    }
  }
}

const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;
