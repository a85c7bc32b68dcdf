import type { FieldChanges } from './offer-difference.js';
import type { OfferSyncPolicy } from './policy.js';

/** What the brake looks at. */
export interface BrakeInput {
  /** Offers that are on the market now and that the run answers for, changed or not. */
  active: number;
  /** Of these, the ones the run would take off the market. */
  deactivations: number;
  /** Whether the provider's system listed no product at all. */
  nothingListed: boolean;
  /** Of every offer that would be changed. */
  changes: { sku: string; fields: FieldChanges }[];
}

/**
 * Why a person should look before the first change is sent; empty: nothing. Creations never count. An empty list is
 * stopped whatever the share: a catalogue that is gone is a failed read far more often than a closed business.
 */
export function brakeReasons(
  input: BrakeInput,
  { deactivateShare, repriceFactor }: OfferSyncPolicy['brake'],
) {
  const { active, deactivations, nothingListed, changes } = input;
  const reasons: string[] = [];
  const share = deactivations / active;
  if (deactivations > 0 && (nothingListed || share > deactivateShare)) {
    const why = nothingListed ? 'no product is listed' : `more than ${percent(deactivateShare)}`;
    reasons.push(
      `${deactivations} of ${active} active offers (${percent(share)}) would be deactivated: ${why}`,
    );
  }
  const jumps = changes.flatMap(({ sku, fields }) => {
    const price = fields['monthlyPrice'];
    return price !== undefined && factor(price.from, price.to) > repriceFactor ? [{ sku, ...price }] : [];
  });
  const [first] = jumps;
  if (first !== undefined) {
    const others = jumps.length === 1 ? '' : ` and of ${jumps.length - 1} more`;
    const example = `the price of ${first.sku} (${String(first.from)} to ${String(first.to)})`;
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
