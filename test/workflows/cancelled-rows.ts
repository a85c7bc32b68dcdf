import type { AttentionCode } from '../../domain/attention.js';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import type { ProviderEventType } from '../../domain/provider-event.js';
import type { Status } from '../../domain/status.js';

/** Who calls an order off: its reseller at the platform, its customer by an event, an operator by a command. */
export const SOURCES = ['platform', 'customer', 'operator'] as const;
export type Source = (typeof SOURCES)[number];

/**
 * How a call stands when the cancellation comes. `under way`: it is answered later. `failing`: every attempt fails, and
 * nothing comes of it. `lost`: it is carried out, and its answers are lost.
 */
export const MANNERS = ['under way', 'failing', 'lost'] as const;
export type Manner = (typeof MANNERS)[number];

/** The call that is in hand. `path`: at the provider's systems, or at the platform with `{itemId}` in it. */
export interface InHand {
  system: 'offergrid' | 'provider';
  method: string;
  path: string;
  /** The status of an update. */
  update?: Status;
}

/** Where an order stands when it is called off. */
export interface Scene {
  name: string;
  order: { incomplete?: boolean; offerId?: string; street?: string; hoursAgo?: number };
  /** What the platform shows of it, from `pending` on. */
  path: Status[];
  /** What the field reports, each when the platform shows what the one before took it to. */
  reports: [ProviderEventType, object][];
  /** Its workflow has nothing in hand, or this call. */
  inHand?: InHand;
  /** The activation was asked for, or reported, or a technician is on site: a person has to know of the cancellation. */
  inField?: true;
}

export interface Row {
  scene: Scene;
  source: Source;
  manner: Manner | null;
}

export const OFFERS = {
  internet: 'off-789-ghi',
  instant: 'off-ins-1',
  manual: 'off-manual',
  endsCompleted: 'off-sec-1',
} as const;

export const POLICY = {
  acknowledgeAfter: null,
  categories: {
    default: { availability: 'provider' },
    insurance: { fulfillment: 'instant', availability: 'none' },
    energy: { availability: 'none', decision: 'manual' },
    security: { availability: 'none', ends: 'completed' },
  },
};

export const VISIT = { scheduledFor: '2031-01-15T13:00:00Z', appointmentWindow: '1-5 PM' };
export const LIVE = { accountNumber: '12345', activationDate: '2031-01-15' };

const PATCH = '/provider/orders/{itemId}/status';
const update = (status: Status): InHand => ({
  ...{ system: 'offergrid', method: 'PATCH', path: PATCH, update: status },
});
const atProvider = (path: string): InHand => ({ system: 'provider', method: 'POST', path });
const read = (path: string): InHand => ({ system: 'offergrid', method: 'GET', path });

const SCHEDULED: [ProviderEventType, object] = ['appointment.scheduled', VISIT];
const STARTED: [ProviderEventType, object] = ['installation.started', {}];
const MISSED: [ProviderEventType, object] = ['appointment.missed', { by: 'customer' }];
const INSTALLED: [ProviderEventType, object] = ['installation.completed', { active: false }];
const ACTIVE: [ProviderEventType, object] = ['installation.completed', LIVE];

const base = { order: {}, reports: [], path: ['pending'] as Status[] };
const accepted: Status[] = ['pending', 'accepted'];
const scheduled: Status[] = [...accepted, 'scheduled'];
const started: Status[] = [...scheduled, 'in_progress'];
const instant = { ...base, order: { offerId: OFFERS.instant }, path: accepted };

/**
 * Every stage an order can stand in, and every call that can be in hand there. Not here, because nothing can be called
 * off there: an order that ended, one that the platform does not show, a failed installation (its end). The calls that
 * write down and notify are no part of the story: they have tests of their own below the table.
 */
export const SCENES: Scene[] = [
  { ...base, name: 'being read', inHand: read('/provider/orders/{itemId}') },
  {
    ...base,
    ...{ name: 'its offer being read', order: { offerId: 'off-{itemId}' } },
    inHand: read('/provider/offers/off-{itemId}'),
  },
  { ...base, name: 'in review', order: { incomplete: true } },
  { ...base, name: 'with events held', order: { incomplete: true }, reports: [SCHEDULED], inField: true },
  { ...base, name: 'its availability asked', inHand: atProvider('/serviceability') },
  { ...base, name: 'its availability unknown', order: { street: '9 Unclear Road' } },
  { ...base, name: 'for a person to decide', order: { offerId: OFFERS.manual } },
  { ...base, name: 'being accepted', inHand: update('accepted') },
  { ...base, name: 'accepted', path: accepted },
  { ...base, name: 'its work order being made', path: accepted, inHand: atProvider('/work-orders') },
  { ...base, name: 'its customer contacted', path: accepted, inHand: atProvider('/customer-contacts') },
  {
    ...{ ...base, name: 'being scheduled', path: accepted, reports: [SCHEDULED], inField: true },
    inHand: update('scheduled'),
  },
  { ...base, name: 'scheduled', path: scheduled, reports: [SCHEDULED] },
  { ...base, name: 'after a missed visit', path: scheduled, reports: [SCHEDULED, MISSED] },
  {
    ...{ ...base, name: 'being started', path: scheduled, reports: [SCHEDULED, STARTED], inField: true },
    inHand: update('in_progress'),
  },
  { ...base, name: 'in progress', path: started, reports: [SCHEDULED, STARTED] },
  {
    ...{ ...base, name: 'being completed', path: started, reports: [SCHEDULED, STARTED, INSTALLED] },
    ...{ inHand: update('completed'), inField: true },
  },
  {
    ...{ ...base, name: 'being completed as its end', path: started, inField: true },
    ...{ order: { offerId: OFFERS.endsCompleted }, reports: [SCHEDULED, STARTED, INSTALLED] },
    inHand: update('completed'),
  },
  {
    ...{ ...base, name: 'going live', path: started, reports: [SCHEDULED, STARTED, ACTIVE] },
    ...{ inHand: update('active'), inField: true },
  },
  {
    ...{ ...base, name: 'installed', path: [...started, 'completed'] },
    reports: [SCHEDULED, STARTED, INSTALLED],
  },
  { ...instant, name: 'instant, being activated', inHand: atProvider('/activations'), inField: true },
  { ...instant, name: 'instant, going live', inHand: update('active'), inField: true },
];

/** By rule, what is not possible is left out. */
export const ROWS: Row[] = SCENES.flatMap((scene) =>
  SOURCES.flatMap((source) =>
    (scene.inHand === undefined ? [null] : MANNERS)
      .map((manner) => ({ scene, source, manner }))
      .filter(isPossible),
  ),
);

function isPossible({ scene: { inHand, path }, source, manner }: Row): boolean {
  // By the time it counts, a command is an event like the customer's; they differ where a visit is under way, or may be.
  const mayDiffer = manner === 'under way' || inHand?.update === 'in_progress';
  if (source === 'operator' && manner !== null && !mayDiffer) return false;
  // A read that is carried out and lost is one that failed.
  if (inHand?.method === 'GET' && manner === 'lost') return false;
  // Nobody cancels at the platform what is completed or active there.
  const shown = manner === 'lost' ? (inHand?.update ?? path.at(-1)!) : path.at(-1)!;
  return source !== 'platform' || !isTooLate(shown);
}

export const nameOf = ({ scene, source, manner }: Row): string =>
  `${scene.name}${manner === null ? '' : ` (${manner})`}, by ${source}`;

/** Strike only this row's call. */
export function faultsOf({ scene: { inHand }, source, manner }: Row, itemId: string): HttpFault[] {
  if (inHand === undefined || manner === null) return [];
  const { method, update: status } = inHand;
  const path = inHand.path.replace('{itemId}', itemId);
  const whenBody = inHand.system === 'provider' ? { itemId } : status === undefined ? undefined : { status };
  const match = { method, path, ...(whenBody === undefined ? {} : { whenBody }) };
  // Without the item, or the number of its work order, nothing can be cancelled: these calls get through in the end.
  const needed = path === '/work-orders' || path === `/provider/orders/${itemId}` ? { times: 2 } : {};
  const late: HttpFault = { kind: 'delay', ms: 1_500, times: 1, ...match };
  switch (manner) {
    case 'under way':
      return [late];
    case 'failing':
      return [{ kind: 'error', status: 503, ...match, ...needed }];
    case 'lost': {
      const lost: HttpFault = { kind: 'drop-reply', ...match, ...needed };
      // Late, so that no second attempt finds out before the cancellation comes; the platform's own comes after it.
      return source === 'platform' ? [lost] : [late, lost];
    }
  }
}

/** What the platform is to show in the end, and what a person has to look at. */
export function expectedOf({ scene, source, manner }: Row): {
  path: Status[];
  attention: AttentionCode | null;
} {
  const { inHand, path, inField = false } = scene;
  const told = inHand?.update;
  const lands =
    told !== undefined && (manner === 'lost' || (manner === 'under way' && source !== 'platform'));
  const reached = lands ? [...path, told] : path;
  const shown = reached.at(-1)!;
  if (isTooLate(shown)) {
    const open = shown === 'completed' && scene.order.offerId !== OFFERS.endsCompleted;
    // An operator is told at once that it cannot be.
    const toldAtOnce = source === 'operator' && inHand === undefined;
    return { path: reached, attention: toldAtOnce ? null : open ? 'drift' : 'cancelled_in_field' };
  }
  // What the platform took, and we know of, is done with; what it took without our knowing is not.
  const known = lands && manner === 'under way';
  const ours = known ? shown : path.at(-1)!;
  const booked = source === 'platform' && (ours === 'scheduled' || ours === 'in_progress');
  const attention = booked || (inField && !known) ? 'cancelled_in_field' : null;
  return { path: [...reached, endOf(shown, source)], attention };
}

/** Nobody can call it off any more. */
export function isTooLate(status: Status): boolean {
  return status === 'completed' || status === 'active';
}

function endOf(shown: Status, source: Source): Status {
  if (source === 'platform') return 'cancelled';
  if (shown === 'pending') return 'rejected';
  // A visit under way that the provider itself breaks off.
  return source === 'operator' && shown === 'in_progress' ? 'failed' : 'cancelled';
}
