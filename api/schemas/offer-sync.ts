import { z } from 'zod';
import { identifier } from './fields.js';
import { checked, jsonObject } from './json-object.js';

const syncRequest = z.object({ dryRun: z.boolean().default(false) });
const approval = z.object({ plan: z.int().optional() });
const productsChanged = z.object({ skus: z.array(identifier).min(1, 'must name at least one SKU') });

/** What a run is to do; no body asks for a real one. @throws Problem 400 */
export function parseSyncRequest(bytes: Buffer): { dryRun: boolean } {
  return checked(syncRequest, bytes.length === 0 ? {} : jsonObject(bytes));
}

/** The plan that is approved; no body names none. @throws Problem 400 */
export function parseApproval(bytes: Buffer): { plan?: number | undefined } {
  return checked(approval, bytes.length === 0 ? {} : jsonObject(bytes));
}

/** @throws Problem 400 with a path for each wrong SKU */
export function parseProductsChanged(bytes: Buffer): { skus: string[] } {
  return checked(productsChanged, jsonObject(bytes));
}
