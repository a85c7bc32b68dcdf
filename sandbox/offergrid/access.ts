import type { Request, RequestHandler } from 'express';
import { RateWindow, type RateLimit } from './rate-window.js';
import { refuse } from './refusals.js';

export type TeamRole = 'provider' | 'reseller' | 'hybrid';
export type TeamKeys = Partial<Record<TeamRole, string | undefined>>;

/** The role of the key a call carries; `none` without one, `unknown` with one no team has. */
export function roleOf(keys: TeamKeys, req: Request): TeamRole | 'none' | 'unknown' {
  const sent = req.get('x-api-key');
  if (sent === undefined) return 'none';
  const roles: TeamRole[] = ['provider', 'reseller', 'hybrid'];
  return roles.find((role) => keys[role] !== undefined && keys[role] === sent) ?? 'unknown';
}

/** The team keys, their limits, and what each has used of them; one for all routes. */
export interface Gate {
  keys: TeamKeys;
  limits: readonly RateLimit[];
  windows: Map<TeamRole, RateWindow>;
}

/** 401 without a team's key, then 429 past the team's limits, then 403 for the wrong side of the platform. */
export function access(gate: Gate, side: 'provider' | 'reseller'): RequestHandler {
  return (req, res, next) => {
    const role = roleOf(gate.keys, req);
    if (role === 'none' || role === 'unknown') {
      refuse(res, 401, 'Unauthorized - invalid API key');
      return;
    }
    const window = gate.windows.get(role) ?? new RateWindow(gate.limits);
    gate.windows.set(role, window);
    const verdict = window.take(Date.now());
    res.set('X-RateLimit-Limit', String(verdict.limit));
    res.set('X-RateLimit-Remaining', String(verdict.remaining));
    res.set('X-RateLimit-Reset', String(verdict.reset));
    if (!verdict.allowed) {
      refuse(res, 429, 'Rate limit exceeded', { retryAfter: verdict.retryAfter });
      return;
    }
    if (role !== side && role !== 'hybrid') {
      const needed = side === 'provider' ? 'Provider' : 'Reseller';
      refuse(res, 403, `Forbidden - ${needed} role required`);
      return;
    }
    next();
  };
}
