import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure, log } from '@temporalio/activity';
import type { ChangeOutcome, OfferChangeActivities } from '../domain/offer-sync-activities.js';
import type { CallBudget } from '../db/call-budget.js';
import type { ClaimedChange, OfferChanges } from '../db/offer-changes.js';
import type { Offers, StoredOffer } from '../db/offers.js';
import type { OffergridClient } from '../integrations/offergrid/client.js';
import { OffergridError, type OffergridErrorKind } from '../integrations/offergrid/errors.js';
import type { PlatformOffer } from '../integrations/offergrid/schemas.js';
import { asFailure } from './offergrid-failure.js';
import { leaveRoomForOrders, noRoomYet } from './room-for-orders.js';

export interface OfferChangeDependencies {
  offers: Pick<Offers, 'upsert' | 'amend' | 'replaceAll'>;
  offerSync: {
    /** Its calls leave room for orders: they fail as `kept_free`, and nothing is sent, where there is none. */
    offergrid: OffergridClient;
    changes: OfferChanges;
    budget: Pick<CallBudget, 'hasFree'>;
  };
}

/** The platform, or our own call budget, says that it did nothing. */
const NOT_TAKEN: ReadonlySet<OffergridErrorKind> = new Set([
  'rate_limited',
  'stopped',
  'unauthorized',
  'forbidden',
]);

/**
 * Some two minutes in all: then this one change is left to the next run. Attempts that did not come as far as being
 * claimed, as when Postgres is away, do not count, nor do those that found no room in the call budget.
 */
const MOST_ATTEMPTS = 8;

/** The offer sync's calls to Offergrid. */
export function createOfferChangeActivities(dependencies: OfferChangeDependencies): OfferChangeActivities {
  const { offers } = dependencies;
  const { offergrid, changes, budget } = dependencies.offerSync;

  /** Null: the platform took it, and did not show what came of it. */
  const carryOut = async (change: ClaimedChange): Promise<PlatformOffer | null> => {
    const { offerId, body } = change;
    const applied = change.repeated ? await seen(offergrid, change) : null;
    if (applied !== null) return applied;
    return offerId === null ? await offergrid.createOffer(body) : await offergrid.updateOffer(offerId, body);
  };

  return {
    async listOffers() {
      const listed = await offergrid.listOffers().catch((error: unknown) => {
        if (isKeptFree(error)) return null;
        throw asFailure(error);
      });
      if (listed === null) return null;
      await offers.replaceAll(listed.map(toStored));
      return listed.length;
    },

    async applyOfferChange({ runId, seq }): Promise<ChangeOutcome> {
      // This activity came with a lease in hand.
      await leaveRoomForOrders(budget, { calls: 0 });
      const change = await changes.claim(runId, seq);
      if (change === null) throw ApplicationFailure.nonRetryable(`run ${runId} has no change ${seq}`);
      if (typeof change === 'string') return change;
      if (change.attempt > MOST_ATTEMPTS) throw ApplicationFailure.nonRetryable('no attempt came to an end');
      try {
        const offer = await carryOut(change);
        await changes.settle(runId, seq, 'applied', null);
        await remember(change, offer);
        return 'applied';
      } catch (error) {
        if (!(error instanceof OffergridError)) throw error;
        if (isKeptFree(error)) {
          await changes.withdraw(runId, seq, change);
          throw noRoomYet();
        }
        if (isRefusal(error)) {
          await changes.settle(runId, seq, 'failed', refusal(change, error));
          return 'failed';
        }
        if (NOT_TAKEN.has(error.kind) && !change.repeated) await changes.release(runId, seq, change.attempt);
        if (change.attempt < MOST_ATTEMPTS) throw asFailure(error);
        throw ApplicationFailure.nonRetryable(error.message, `Offergrid.${error.kind}`);
      }
    },
  };

  /** Only a memory: the next list makes up for what is missing. */
  async function remember({ offerId, body }: ClaimedChange, shown: PlatformOffer | null): Promise<void> {
    const remembering =
      shown !== null && isWhole(shown) ? offers.upsert(toStored(shown)) : offers.amend(offerId ?? '', body);
    await remembering.catch((error: unknown) => {
      log.warn('the offer could not be remembered', { error });
    });
  }
}

/** The offer as the platform shows it, when it is as the change would make it; else null. */
async function seen(
  offergrid: OffergridClient,
  { sku, offerId, body }: ClaimedChange,
): Promise<PlatformOffer | null> {
  if (offerId === null) {
    const offers = await offergrid.listOffers();
    return offers.find((offer) => offer.sku?.trim() === sku) ?? null;
  }
  const offer = await offergrid.getOffer(offerId);
  return Object.entries(body).every(([field, value]) => isDeepStrictEqual(offer[field], value))
    ? offer
    : null;
}

/** No body is documented for the answer to a change: one that shows half an offer must not wipe out the rest. */
function isWhole({ name, category, sku, status }: PlatformOffer): boolean {
  return [name, category, sku, status].every((field) => field !== null);
}

/** Nothing was sent: there were fewer calls left than are kept for orders. */
function isKeptFree(error: unknown): boolean {
  return error instanceof OffergridError && error.kind === 'kept_free';
}

function isRefusal(error: OffergridError): boolean {
  return error.kind === 'refused' || error.kind === 'not_found';
}

function refusal({ action }: ClaimedChange, { status, detail }: OffergridError): string {
  return `${action} refused${status === undefined ? '' : ` (${status})`}: ${detail}`;
}

function toStored(offer: PlatformOffer): StoredOffer {
  const { offerId, name, category, sku, status, monthlyPrice } = offer;
  return { offerId, name, category, sku, status, monthlyPrice, raw: offer };
}
