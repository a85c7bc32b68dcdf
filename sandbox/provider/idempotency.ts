import { isDeepStrictEqual } from 'node:util';
import type { RequestHandler, Response } from 'express';
import { callOf } from '../http/call-log.js';

/** What a POST led to, kept for its repeats. */
export interface Answer {
  status: number;
  body?: unknown;
}

interface Kept {
  path: string;
  body: unknown;
  answer: Promise<Answer>;
}

/** First answers by Idempotency-Key. What failed or was malformed is not kept: nothing was done. */
export class IdempotentAnswers {
  private readonly kept = new Map<string, Kept>();

  private keep(key: string, kept: Kept): void {
    this.kept.set(key, kept);
    const forget = () => this.kept.delete(key);
    kept.answer.then((settled) => settled.status === 400 && forget(), forget);
  }

  /** Answers a POST once: 400 without a key, 422 for a key used otherwise, the first answer for a repeat. */
  handle(act: (body: unknown, params: Record<string, string>) => Answer | Promise<Answer>): RequestHandler {
    return async (req, res) => {
      const call = callOf(res);
      const key = call.idempotencyKey;
      if (key === null || key === '') {
        res.status(400).json({ error: 'Idempotency-Key is required' });
        return;
      }
      const { path, body } = call;
      const first = this.kept.get(key);
      if (first !== undefined && (first.path !== path || !isDeepStrictEqual(first.body, body))) {
        res.status(422).json({ error: 'Idempotency-Key was used for another request' });
        return;
      }
      call.repeat = first !== undefined;
      // Kept before it settles, so that a repeat that overtakes the answer waits for the same one.
      const answer = first?.answer ?? (async () => act(body, req.params as Record<string, string>))();
      if (first === undefined) this.keep(key, { path, body, answer });
      const settled = await answer;
      call.applied = first === undefined && settled.status < 300;
      send(res, settled);
    };
  }
}

function send(res: Response, answer: Answer): void {
  res.status(answer.status);
  if (answer.body === undefined) res.end();
  else res.json(answer.body);
}
