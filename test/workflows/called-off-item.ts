import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { AttentionCode } from '../../domain/attention.js';
import type { OrderView } from '../../domain/order-view.js';
import type { Call } from '../../sandbox/http/call-log.js';
import type { SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import { sampleOffers } from '../../sandbox/offergrid/offers.js';
import type { SandboxProvider } from '../../sandbox/provider/sandbox-provider.js';
import { eventually } from '../support/eventually.js';
import {
  expectedOf,
  faultsOf,
  isTooLate,
  OFFERS,
  type Row,
  type Scene,
  type Source,
} from './cancelled-rows.js';

/** How orders are placed, reported on, called off and looked at: in the workflow itself, or past the real API. */
export interface Surroundings {
  offergrid: SandboxOffergrid;
  provider: SandboxProvider;
  place(itemId: string, order: Scene['order']): Promise<void>;
  report(itemId: string, event: { id: string; type: string; time: string; data: object }): Promise<void>;
  /** Where it is too late, it may be refused. */
  callOff(itemId: string, source: Source): Promise<void>;
  view(itemId: string): Promise<OrderView>;
  /** Resolves when its story is over. */
  ended(itemId: string): Promise<unknown>;
}

/** What came of one order that was called off. */
export interface Found {
  path: string[];
  attention: AttentionCode | null;
  /** Calls that came after the cancellation and neither read the item nor call something off. */
  sentAfterwards: string[];
  openWorkOrders: object[];
}

/** Milliseconds. With a dozen items side by side each has to wait for its turn. */
const PATIENCE = 40_000;
/** Milliseconds for which a copy of the call logs is good enough; copying them is most of the work. */
const FRESH = 150;

/** One row of the table: an order is brought to where it stands, called off, and followed to its end. */
export class CalledOffItem {
  constructor(
    private readonly world: Surroundings,
    private readonly row: Row,
    private readonly itemId: string,
  ) {}

  async walk(): Promise<Found> {
    const { order } = this.row.scene;
    const offerId = order.offerId?.replace('{itemId}', this.itemId);
    await this.world.place(this.itemId, offerId === undefined ? order : { ...order, offerId });
    await this.#bringThere();
    const { offergrid, provider } = this.world;
    const before = { offergrid: offergrid.control.calls().length, provider: provider.control.calls().length };
    await this.world.callOff(this.itemId, this.row.source);
    const view = await this.#end();
    const after = [
      ...offergrid.control.calls().slice(before.offergrid),
      ...provider.control.calls().slice(before.provider),
    ].filter((call) => this.#isOurs(call));
    const open = provider.control
      .workOrders()
      .filter((one) => one.itemId === this.itemId && one.state !== 'cancelled');
    return {
      path: offergrid.control.path(this.itemId),
      attention: view.attention?.code ?? null,
      sentAfterwards: after.filter((call) => !this.#callsOff(call, after)).map(wordsFor),
      openWorkOrders: isTooLate(expectedOf(this.row).path.at(-1)!) ? [] : open,
    };
  }

  async #bringThere(): Promise<void> {
    const { scene } = this.row;
    const { path, reports, inHand } = scene;
    const answered = path.includes('accepted');
    if (answered) await this.#isShown(['pending', 'accepted']);
    if (answered) await this.#dispatched();
    for (const [n, [type, data]] of reports.entries()) {
      const id = `${this.itemId}-${n}`;
      await this.world.report(this.itemId, { id, type, time: `2031-01-01T0${n}:00:00Z`, data });
      if (answered && n < reports.length - 1) await this.#isShown(path.slice(0, n + 3));
    }
    await this.#isShown(path);
    if (inHand === undefined) await this.#waits();
    else await this.#inHand();
  }

  async #isShown(path: string[]): Promise<void> {
    const shown = () => this.world.offergrid.control.path(this.itemId);
    await eventually(`${this.itemId} to show ${path.join(', ')}`, () => path.length <= shown().length, {
      within: PATIENCE,
      seen: shown,
    });
  }

  /** The provider's systems were asked for all that is to be done; and had answered, unless that is in hand. */
  async #dispatched(): Promise<void> {
    const { order, inHand } = this.row.scene;
    const instant = order.offerId === OFFERS.instant;
    const wanted = instant ? ['/activations'] : ['/work-orders', '/customer-contacts'];
    const made = () => wanted.every((path) => this.#calls('provider').some((call) => call.path === path));
    await eventually(`${wanted.join(' and ')} for ${this.itemId}`, made, { within: PATIENCE });
    if (!instant && inHand?.path !== '/work-orders')
      await this.#views('its work order', ({ workOrderId }) => workOrderId !== null);
  }

  /** Nothing of it is in hand: it waits for a person, or for the field. */
  async #waits(): Promise<void> {
    const { path, reports } = this.row.scene;
    const missed = reports.at(-1)?.[0] === 'appointment.missed';
    await this.#views('it to wait', ({ offergridStatus, attention, waitingFor }) => {
      if (offergridStatus !== path.at(-1) || waitingFor === null) return false;
      if (missed) return waitingFor.startsWith('a new appointment');
      return path.length > 1 || (attention !== null && waitingFor === 'a person');
    });
  }

  async #inHand(): Promise<void> {
    const { scene, source, manner } = this.row;
    const { inHand } = scene;
    if (inHand === undefined) return;
    const path = inHand.path.replace('{itemId}', this.itemId);
    const struck = ({ status, applied }: Call) =>
      manner === 'under way' || (manner === 'lost' ? source !== 'platform' || applied : status !== null);
    const isIt = (call: Call) =>
      call.path === path &&
      call.method === inHand.method &&
      (inHand.update === undefined || (call.body as { status: string }).status === inHand.update) &&
      struck(call);
    await eventually(`${inHand.method} ${path}`, () => this.#calls(inHand.system).some(isIt), {
      within: PATIENCE,
      seen: () => this.world.view(this.itemId),
    });
  }

  /** The workflow's own end; or what it comes to where the order goes on. */
  async #end(): Promise<OrderView> {
    const { path, attention } = expectedOf(this.row);
    if (path.at(-1) === 'completed' && attention !== 'cancelled_in_field') {
      await this.#isShown(path);
      return await this.#views('a person to be told', (view) => (view.attention?.code ?? null) === attention);
    }
    await this.#within(this.world.ended(this.itemId));
    return await this.world.view(this.itemId);
  }

  async #within(ended: Promise<unknown>): Promise<void> {
    const late = wait(PATIENCE, 'late', { ref: false });
    if ((await Promise.race([ended, late])) === 'late')
      throw new Error(`no end of ${this.itemId}: ${JSON.stringify(await this.world.view(this.itemId))}`);
  }

  async #views(what: string, holds: (view: OrderView) => boolean): Promise<OrderView> {
    const look = async () => {
      const view = await this.world.view(this.itemId);
      return holds(view) && view;
    };
    return await eventually(`${what}: ${this.itemId}`, look, {
      within: PATIENCE,
      seen: () => this.world.view(this.itemId),
    });
  }

  #calls(system: 'offergrid' | 'provider'): Call[] {
    const log = copyOf(this.world[system].control);
    return log.filter((call) => this.#isOurs(call));
  }

  #isOurs({ path, body }: Call): boolean {
    const about = (body as { itemId?: string } | undefined)?.itemId;
    return about === this.itemId || path.split('/').some((part) => part.endsWith(this.itemId));
  }

  /** What is in hand when the cancellation comes may be repeated once: the attempt may have begun already. */
  #callsOff(call: Call, after: Call[]): boolean {
    const { inHand } = this.row.scene;
    const { method, path, body } = call;
    if (method === 'GET' || path.endsWith('/cancel')) return true;
    const { status } = body as { status?: string };
    if (method === 'PATCH' && status === expectedOf(this.row).path.at(-1)) return true;
    // Whether there is a work order to cancel can only be known by asking for it again.
    if (path === '/work-orders' && path === inHand?.path) return true;
    const isInHand = (one: Call) =>
      one.method === inHand?.method &&
      one.path === inHand.path.replace('{itemId}', this.itemId) &&
      (one.body as { status?: string }).status === inHand.update;
    return isInHand(call) && after.find(isInHand) === call;
  }
}

/** The platform's offers, and the faults that hold each row's call. Returns each row with its item's id. */
export function prepare(world: Surroundings, rows: readonly Row[]): { row: Row; itemId: string }[] {
  const items = rows.map((row, n) => ({ row, itemId: `item-${n}` }));
  const [internet] = sampleOffers;
  world.offergrid.control.setOffers([
    ...sampleOffers,
    { ...internet!, id: OFFERS.manual, sku: 'ENERGY', category: 'energy' },
    ...items.map(({ itemId }) => ({ ...internet!, id: `off-${itemId}`, sku: `SKU-${itemId}` })),
  ]);
  const faults = (system: string) =>
    items
      .filter(({ row }) => row.scene.inHand?.system === system)
      .flatMap(({ row, itemId }) => faultsOf(row, itemId));
  world.offergrid.control.setFaults(faults('offergrid'));
  world.provider.control.setFaults(faults('provider'));
  return items;
}

export function expectCalledOff(row: Row, found: Found, name = ''): void {
  const { path, attention } = expectedOf(row);
  expect(found.sentAfterwards, `${name}: calls that do not call it off`).toEqual([]);
  expect(found.path, `${name}: what the platform shows`).toEqual(path);
  expect(found.attention, `${name}: what a person has to look at`).toBe(attention);
  expect(found.openWorkOrders, `${name}: work orders that stand`).toEqual([]);
}

function wordsFor({ method, path, body }: Call): string {
  return `${method} ${path} ${JSON.stringify(body)}`;
}

const copies = new WeakMap<object, { at: number; calls: Call[] }>();

function copyOf(control: { calls: () => Call[] }): Call[] {
  const kept = copies.get(control);
  if (kept !== undefined && performance.now() - kept.at < FRESH) return kept.calls;
  const calls = control.calls();
  copies.set(control, { at: performance.now(), calls });
  return calls;
}
