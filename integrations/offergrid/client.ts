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
}

export function createOffergridClient(options: OffergridClientOptions): OffergridClient {
  const read = async <T>(request: Omit<Call, 'method'>, parse: (body: unknown) => T): Promise<T> => {
    const { status, body } = await call(options, { ...request, method: 'GET' });
    try {
      return parse(body);
    } catch (cause) {
      const detail = body === undefined ? 'the answer is not JSON' : 'the answer has not the expected shape';
      throw new OffergridError({ operation: request.operation, kind: 'bad_answer', status, detail, cause });
    }
  };
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
      return itemOrNull(body);
    },
    getOffer: (offerId) =>
      read({ operation: 'getOffer', path: `/provider/offers/${segment(offerId)}` }, parseOffer),
    listOffers: () => read({ operation: 'listOffers', path: '/provider/offers' }, parseOffers),
  };
}

function itemPath(itemId: string): string {
  return `/provider/orders/${segment(itemId)}`;
}

/** Ids are opaque. A dot segment survives percent-encoding and would be resolved away, hence its dots are escaped. */
function segment(id: string): string {
  return /^\.{1,2}$/.test(id) ? id.replaceAll('.', '%252E') : encodeURIComponent(id);
}

function itemOrNull(body: unknown): PlatformItem | null {
  try {
    return parseItem(body);
  } catch {
    return null;
  }
}
