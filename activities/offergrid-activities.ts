import { activityInfo, ApplicationFailure, heartbeat, log } from '@temporalio/activity';
import type { ItemLookup, OffergridActivities, UpdateResult } from '../domain/activities.js';
import type { Offer, OrderItem } from '../domain/order-item.js';
import { isFinal, isFurther, MOVES, type Status } from '../domain/status.js';
import type { StatusUpdate } from '../domain/status-update.js';
import type { OffergridClient } from '../integrations/offergrid/client.js';
import { OffergridError } from '../integrations/offergrid/errors.js';
import type { PlatformItem, PlatformOffer } from '../integrations/offergrid/schemas.js';
import { ListedItems } from './listed-items.js';
import { asFailure } from './offergrid-failure.js';

export interface OffergridDependencies {
  offergrid: OffergridClient;
  offers: { upsert: (offer: PlatformOffer & { raw: object }) => Promise<void> };
}

/** Each activity is one attempt; Temporal repeats it. */
export function createOffergridActivities({ offergrid, offers }: OffergridDependencies): OffergridActivities {
  const listed = new ListedItems(offergrid);
  return {
    async fetchItem({ itemId, among = [] }): Promise<ItemLookup> {
      const { scheduledTimestampMs: askedAt } = activityInfo();
      const item =
        (await listed.find(itemId, among, askedAt)) ??
        (await lookUp(() => offergrid.getItem(itemId).catch(unlessUnreadable)));
      if (item instanceof Unreadable) return { kind: 'unreadable', why: item.why };
      return item === null ? { kind: 'unknown' } : { kind: 'found', item: toOrderItem(item) };
    },

    async updateStatus({ itemId, from, update, repeated }): Promise<UpdateResult> {
      const isDoubtful = mayBeApplied(repeated);
      if (isDoubtful) {
        const now = await seen(offergrid, itemId, from, update);
        if (now !== null) return now;
      }
      try {
        await offergrid.updateStatus(itemId, update);
        return { kind: 'applied' };
      } catch (error) {
        // Which says nothing of one that is doubtful: it may yet be applied, later than we gave up on it.
        if (!isDoubtful && isSurelyNotApplied(error))
          heartbeat({ notAppliedBy: activityInfo().attempt } satisfies Trail);
        if (!isRefusal(error)) throw asFailure(error);
        const refused = { kind: 'refused', httpStatus: error.status ?? 0, detail: error.detail } as const;
        if (error.kind === 'not_found') return isDoubtful ? { ...refused, unsure: true } : refused;
        const now = await seen(offergrid, itemId, from, update, isDoubtful);
        return now?.kind === 'refused' ? { ...refused, unsure: true } : (now ?? refused);
      }
    },

    async fetchOffer({ offerId }): Promise<Offer | null> {
      const offer = await lookUp(() => offergrid.getOffer(offerId)).catch((error: unknown) => {
        // What cannot be shown is as good as unknown: a person reviews the order, which must not wait for its offer.
        if (error instanceof ApplicationFailure && HIDDEN.has(error.type ?? '')) return null;
        throw error;
      });
      if (offer === null) return null;
      // Only a memory: an order is answered without it, too.
      await offers.upsert({ ...offer, raw: offer }).catch((error: unknown) => {
        log.warn('the offer could not be remembered', { error });
      });
      const { name, category, sku } = offer;
      return { offerId: offer.offerId, name, category, sku };
    },
  };
}

/** An offer that the platform refuses to show, or shows in a form we cannot read. */
const HIDDEN: ReadonlySet<string> = new Set(['Offergrid.refused', 'Offergrid.bad_answer']);

/** Kept with an attempt of `updateStatus` for the next: up to that one, nothing can have been applied. */
interface Trail {
  notAppliedBy: number;
}

/** Whether an earlier attempt may have been applied and only its answer lost: then the item is read first. */
function mayBeApplied(repeated: boolean): boolean {
  const info = activityInfo();
  const { attempt } = info;
  const trail = info.heartbeatDetails as Partial<Trail> | null | undefined;
  // An attempt that died left no trail of its own, and an older one says nothing about it.
  return attempt === 1 ? repeated : trail?.notAppliedBy !== attempt - 1;
}

/** Refused before anything was looked at, or not sent at all. A timeout or a 500 says nothing. */
const NOT_APPLIED: ReadonlySet<string> = new Set(['rate_limited', 'unauthorized', 'forbidden', 'stopped']);

function isSurelyNotApplied(error: unknown): boolean {
  return error instanceof OffergridError && NOT_APPLIED.has(error.kind);
}

/**
 * What the platform shows of an update that may have been applied; null: it was not, and may be sent. `isRepeatRefused`:
 * an earlier attempt may have been, and one after it was refused.
 */
async function seen(
  offergrid: OffergridClient,
  itemId: string,
  from: Status,
  update: StatusUpdate,
  isRepeatRefused = false,
): Promise<UpdateResult | null> {
  const item = await lookUp(() => offergrid.getItem(itemId).catch(unlessRefused));
  if (item === null) return null;
  if (item instanceof Unreadable) {
    const detail = `whether it got through before cannot be found out: ${item.why}`;
    return { kind: 'refused', httpStatus: item.httpStatus, detail, unsure: true };
  }
  if (item.status === update.status)
    return isSameVisit(item, from, update, isRepeatRefused) ? { kind: 'applied' } : null;
  const overtaken =
    isFurther(item.status, update.status) ||
    (isFurther(item.status, from) && !MOVES[item.status].includes(update.status));
  return isFinal(item.status) || overtaken ? { kind: 'elsewhere', status: item.status } : null;
}

/**
 * A visit that is moved keeps its status, and may keep its date as well: then the note tells. Where the platform does not
 * show both, it may have neither, and the update is sent again: the same words twice rather than a visit nobody knows of.
 * Where the platform will have none of them a second time, and shows the date without words, it has it.
 */
function isSameVisit(
  item: PlatformItem,
  from: Status,
  update: StatusUpdate,
  isRepeatRefused: boolean,
): boolean {
  if (update.scheduledFor === undefined) return true;
  const isMoved = from === update.status;
  if (item.scheduledFor === null) return !isMoved;
  const isSameDate = Date.parse(item.scheduledFor) === Date.parse(update.scheduledFor);
  const notes = item['providerNotes'] ?? null;
  const isSameNote = notes === null ? isRepeatRefused : notes === update.providerNotes;
  return isSameDate && (!isMoved || isSameNote);
}

/** The platform will not show the item, or shows what we can make nothing of. */
class Unreadable {
  constructor(
    readonly httpStatus: number,
    readonly why: string,
  ) {}
}

function unlessRefused(error: unknown): Unreadable {
  if (!(error instanceof OffergridError) || error.kind !== 'refused') throw error;
  return new Unreadable(error.status ?? 0, error.detail);
}

/** A proxy that answers in the platform's place is gone after so many attempts, or is taken for the platform. */
const READ_AGAIN = 12;

function unlessUnreadable(error: unknown): Unreadable {
  const isLast = activityInfo().attempt >= READ_AGAIN;
  if (!(error instanceof OffergridError) || error.kind !== 'bad_answer' || !isLast)
    return unlessRefused(error);
  return new Unreadable(error.status ?? 0, error.detail);
}

/** Null: the platform does not know it. */
async function lookUp<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OffergridError && error.kind === 'not_found') return null;
    throw asFailure(error);
  }
}

function isRefusal(error: unknown): error is OffergridError {
  return error instanceof OffergridError && (error.kind === 'refused' || error.kind === 'not_found');
}

/** Only what the story needs goes into its history. */
function toOrderItem(item: PlatformItem): OrderItem {
  const { fullName, email, phone } = item.customerInfo;
  const { street, city, state, zipCode, country } = item.serviceAddress;
  return {
    itemId: item.itemId,
    orderId: item.orderId ?? '',
    offerId: item.offerId,
    offerName: item.offerName,
    status: item.status,
    createdAt: item.createdAt,
    scheduledFor: item.scheduledFor,
    customerInfo: { fullName: fullName ?? null, email: email ?? null, phone: phone ?? null },
    serviceAddress: {
      street: street ?? null,
      city: city ?? null,
      state: state ?? null,
      zipCode: zipCode ?? null,
      country: country ?? null,
    },
    notes: item.notes,
    metadata: item.metadata,
  };
}
