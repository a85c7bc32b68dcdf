import type { Status } from '../../domain/status.js';
import type { StatusUpdate } from '../../domain/status-update.js';
import { call, type Call, type OffergridClientOptions } from './call.js';
import { OffergridError } from './errors.js';
import {
  parseItem,
  parseItems,
  parseOffer,
  parseOffers,
  type ItemList,
  type PlatformItem,
  type PlatformOffer,
} from './schemas.js';

export type { Gate, OffergridClientOptions } from './call.js';

/** The provider side of the Offergrid API. One attempt per call; every failure is an {@link OffergridError}. */
export interface OffergridClient {
  /** `GET /provider/orders/{itemId}` */
  getItem(itemId: string): Promise<PlatformItem>;
  /** `GET /provider/orders`, all of the team's items or those in one status. */
  listItems(status?: Status): Promise<ItemList>;
  /**
   * `PATCH /provider/orders/{itemId}/status`. The item as the platform shows it afterwards, or null: no body is
   * documented for this answer, and its 2xx alone says that the update was taken.
   */
  updateStatus(itemId: string, update: StatusUpdate): Promise<PlatformItem | null>;
  /** `GET /provider/offers/{id}` */
  getOffer(offerId: string): Promise<PlatformOffer>;
  /** `GET /provider/offers`, all of the team's offers. */
  listOffers(): Promise<PlatformOffer[]>;
  /**
   * `POST /provider/offers`. A `bad_answer` has made the offer, and like a lost answer leaves its id to be found by SKU
   * before the call is repeated: the platform knows no idempotency keys.
   */
  createOffer(body: Record<string, unknown>): Promise<PlatformOffer>;
  /**
   * `PATCH /provider/offers/{id}`; only the fields in the body change. The offer as the platform shows it afterwards, or
   * null: no body is documented for this answer either.
   */
  updateOffer(offerId: string, body: Record<string, unknown>): Promise<PlatformOffer | null>;
}

export function createOffergridClient(options: OffergridClientOptions): OffergridClient {
  const parsed = async <T>(request: Call, parse: (body: unknown) => T): Promise<T> => {
    const { status, body } = await call(options, request);
    try {
      return parse(body);
    } catch (cause) {
      const detail = body === undefined ? 'the answer is not JSON' : 'the answer has not the expected shape';
      throw new OffergridError({ operation: request.operation, kind: 'bad_answer', status, detail, cause });
    }
  };
  const read = <T>(request: Omit<Call, 'method'>, parse: (body: unknown) => T): Promise<T> =>
    parsed({ ...request, method: 'GET' }, parse);
  return {
    getItem: (itemId) => read({ operation: 'getItem', path: itemPath(itemId) }, parseItem),
    listItems: (status) => {
      const query = status === undefined ? '' : `?${new URLSearchParams({ status }).toString()}`;
      return read({ operation: 'listItems', path: `/provider/orders${query}` }, parseItems);
    },
    updateStatus: async (itemId, update) => {
      const path = `${itemPath(itemId)}/status`;
      const { body } = await call(options, {
        operation: 'updateStatus',
        method: 'PATCH',
        path,
        body: update,
      });
      return orNull(parseItem, body);
    },
    getOffer: (offerId) => read({ operation: 'getOffer', path: offerPath(offerId) }, parseOffer),
    listOffers: () => read({ operation: 'listOffers', path: '/provider/offers' }, parseOffers),
    createOffer: (body) =>
      parsed({ operation: 'createOffer', method: 'POST', path: '/provider/offers', body }, parseOffer),
    updateOffer: async (offerId, body) => {
      const path = offerPath(offerId);
      const answer = await call(options, { operation: 'updateOffer', method: 'PATCH', path, body });
      return orNull(parseOffer, answer.body);
    },
  };
}

function itemPath(itemId: string): string {
  return `/provider/orders/${segment(itemId)}`;
}

function offerPath(offerId: string): string {
  return `/provider/offers/${segment(offerId)}`;
}

/** Ids are opaque. A dot segment survives percent-encoding and would be resolved away, hence its dots are escaped. */
function segment(id: string): string {
  return /^\.{1,2}$/.test(id) ? id.replaceAll('.', '%252E') : encodeURIComponent(id);
}

function orNull<T>(parse: (body: unknown) => T, body: unknown): T | null {
  try {
    return parse(body);
  } catch {
    return null;
  }
}
