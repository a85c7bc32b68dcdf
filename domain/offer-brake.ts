import type { FieldChanges } from './offer-difference.js';
import type { OfferSyncPolicy } from './policy.js';

/** What the brake looks at. */
export interface BrakeInput {
  /** Offers that are on the market now and that the run answers for, changed or not. */
  active: number;
  /** Offers that the run took off the market before, in slices too small for anybody to be asked. */
  takenOff: number;
  /** By SKU: what an offer cost before the run first changed that, in steps too small for anybody to be asked. */
  pricesBefore: ReadonlyMap<string, number>;
  /** Whether the provider's system listed no product at all. */
  nothingListed: boolean;
  /** Of every offer that would be changed; `deactivate` takes one of the active ones off the market. */
  changes: { sku: string; action: 'update' | 'deactivate'; fields: FieldChanges }[];
  /** What a person has seen and let go on. */
  seen: ReadonlyMap<string, FieldChanges>;
}

/**
 * Why a person should look before the first change is sent; empty: nothing. Creations never count. An empty list is
 * stopped whatever the share: a catalogue that is gone is a failed read far more often than a closed business. What a
 * person has seen stops nothing again, as long as nothing comes to it.
 */
export function brakeReasons(
  input: BrakeInput,
  { deactivateShare, repriceFactor }: OfferSyncPolicy['brake'],
) {
  const { takenOff, pricesBefore, nothingListed, changes, seen } = input;
  const active = input.active + takenOff;
  const reasons: string[] = [];
  const deactivations = changes.filter(({ action }) => action === 'deactivate');
  const count = deactivations.length + takenOff;
  const share = count / active;
  const isNew = deactivations.some(({ sku }) => seen.get(sku)?.['status']?.to !== 'inactive');
  if (isNew && (nothingListed || share > deactivateShare)) {
    const why = nothingListed ? 'no product is listed' : `more than ${percent(deactivateShare)}`;
    reasons.push(`${count} of ${active} active offers (${percent(share)}) would be deactivated: ${why}`);
  }
  const jumps = changes.flatMap(({ sku, fields }) => {
    const price = fields['monthlyPrice'];
    if (price === undefined) return [];
    const jumpsFrom = [price.from, pricesBefore.get(sku)].filter(
      (from) => factor(from, price.to) > repriceFactor,
    );
    return jumpsFrom.slice(0, 1).map((before) => ({ sku, before, ...price }));
  });
  const [first] = jumps;
  const isSeen = ({ sku, from, to }: (typeof jumps)[number]) => {
    const price = seen.get(sku)?.['monthlyPrice'];
    return price !== undefined && price.from === from && price.to === to;
  };
  if (first !== undefined && !jumps.every(isSeen)) {
    const others = jumps.length === 1 ? '' : ` and of ${jumps.length - 1} more`;
    const example = `the price of ${first.sku} (${String(first.before)} to ${String(first.to)})`;
    reasons.push(`${example}${others} would change by more than a factor of ${repriceFactor}`);
  }
  return reasons;
}

/**
 * How many times one price is the other. From or to 0 there is no factor that would be small enough: something is given
 * away, or no longer is. A first price has nothing to be compared with.
 */
function factor(from: unknown, to: unknown): number {
  if (typeof from !== 'number' || typeof to !== 'number') return 1;
  const ratio = Math.max(from, to) / Math.min(from, to);
  // Prices are decimals: 119.98 is twice 59.99, and must not be a hair more.
  return Number(ratio.toPrecision(12));
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
