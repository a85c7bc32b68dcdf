import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../problem.js';

export const SCOPES = [
  'events:write',
  'orders:read',
  'orders:operate',
  'offers:sync',
  'reseller',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKey {
  /** Stands as the actor in timelines. */
  name: string;
  scopes: readonly Scope[];
}

/** The key that was presented, or null when there is no such key. */
export type FindKey = (presented: string) => Promise<ApiKey | null>;

/** Lets a request through whose key has the scope; `admin` has all. */
export type RequireScope = (scope: Scope) => RequestHandler;

export function createRequireScope(findKey: FindKey): RequireScope {
  return (scope) => async (req, res, next) => {
    const presented = presentedKey(req);
    const key = presented === undefined ? null : await findKey(presented);
    if (key === null) {
      throw new Problem(401, 'A valid API key is needed.', { headers: { 'www-authenticate': 'Bearer' } });
    }
    if (!key.scopes.includes(scope) && !key.scopes.includes('admin'))
      throw new Problem(403, `This key lacks the scope ${scope}.`);
    res.locals['apiKey'] = key;
    next();
  };
}

/** The key's name, behind `requireScope` only. */
export function actorOf(res: Response): string {
  return (res.locals['apiKey'] as ApiKey).name;
}

function presentedKey(req: Request): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(req.get('authorization') ?? '')?.[1];
  return bearer ?? req.get('x-api-key');
}
