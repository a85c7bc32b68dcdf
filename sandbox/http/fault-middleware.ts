import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler, Response } from 'express';
import { callOf } from './call-log.js';
import { faultMatches, type FaultPlan, type HttpFault } from './fault-plan.js';

const delays = new WeakMap<Response, number>();
const decided = new WeakMap<Response, HttpFault>();

/** Decides once, on arrival, which faults strike the call; a `reset` acts here, before keys and counting. */
export function drawFaults(plan: FaultPlan<HttpFault>): RequestHandler {
  return (req, res, next) => {
    const call = callOf(res);
    for (const fault of plan.striking((candidate) => faultMatches(candidate, call))) {
      call.faults.push(fault.kind);
      if (fault.kind === 'reset') {
        req.socket.destroy();
        return;
      }
      if (fault.kind === 'delay') {
        delays.set(res, (delays.get(res) ?? 0) + fault.ms);
        continue;
      }
      decided.set(res, fault);
      break;
    }
    next();
  };
}

/** Acts on the faults drawn on arrival. `closing` ends delays when the simulated system is closed. */
export function actOnFaults(closing: AbortSignal): RequestHandler {
  // One for each call that is held up.
  setMaxListeners(0, closing);
  return async (req, res, next) => {
    const delay = delays.get(res);
    if (delay !== undefined) {
      const over = await sleep(delay, true, { signal: closing }).catch(() => false);
      if (!over) return;
    }
    const fault = decided.get(res);
    switch (fault?.kind) {
      case 'error':
        res.status(fault.status).set(fault.headers ?? {});
        if (typeof fault.body === 'string') res.send(fault.body);
        else res.json(fault.body ?? { statusCode: fault.status, message: 'Simulated fault', error: 'Fault' });
        return;
      case 'hang':
        return;
      case 'drop-reply':
        res.end = (() => {
          req.socket.destroy();
          return res;
        }) as typeof res.end;
        break;
      case 'delay':
      case 'reset':
      case undefined:
        break;
    }
    next();
  };
}
