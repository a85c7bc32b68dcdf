import { setTimeout as wait } from 'node:timers/promises';
import type { AttentionCode } from '../../domain/attention.js';
import type { OrderView } from '../../domain/order-view.js';
import type { Call } from '../../sandbox/http/call-log.js';
import { operate, platformEvent, providerEvent, state } from '../../workflows/messages.js';
import { eventually } from '../support/eventually.js';
import type { HeardItem, SkippedTime } from '../support/skipped-time.js';
import { expectedOf, isTooLate, OFFERS, type Row } from './cancelled-rows.js';

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
  #item: HeardItem | null = null;

  constructor(
    private readonly time: SkippedTime,
    private readonly row: Row,
    private readonly itemId: string,
  ) {}

  async walk(): Promise<Found> {
    const { order } = this.row.scene;
    const offerId = order.offerId?.replace('{itemId}', this.itemId);
    this.#item = await this.time.hear({
      ...{ ...order, itemId: this.itemId },
      ...(offerId === undefined ? {} : { offerId }),
    });
    await this.#bringThere();
    const { offergrid, provider } = this.time;
    const before = { offergrid: offergrid.control.calls().length, provider: provider.control.calls().length };
    await this.#callOff();
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
      sentAfterwards: after.filter((call) => !this.#callsOff(call)).map(wordsFor),
      openWorkOrders: isTooLate(expectedOf(this.row).path.at(-1)!) ? [] : open,
    };
  }

  get #handle() {
    if (this.#item === null) throw new Error('not placed yet');
    return this.#item.handle;
  }

  async #bringThere(): Promise<void> {
    const { scene } = this.row;
    const { path, reports, inHand } = scene;
    const answered = path.includes('accepted');
    if (answered) await this.#isShown(['pending', 'accepted']);
    if (answered) await this.#dispatched();
    for (const [n, [type, data]] of reports.entries()) {
      const id = `${this.itemId}-${n}`;
      await this.#handle.signal(providerEvent, { id, type, time: `2031-01-01T0${n}:00:00Z`, data } as never);
      if (answered && n < reports.length - 1) await this.#isShown(path.slice(0, n + 3));
    }
    await this.#isShown(path);
    if (inHand === undefined) await this.#waits();
    else await this.#inHand();
  }

  async #isShown(path: string[]): Promise<void> {
    const shown = () => this.time.offergrid.control.path(this.itemId);
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
      seen: () => this.#handle.query(state),
    });
  }

  async #callOff(): Promise<void> {
    switch (this.row.source) {
      case 'platform': {
        this.time.offergrid.control.cancelAsReseller(this.itemId, 'moved away');
        const occurredAt = '2031-01-02T00:00:00Z';
        await this.#handle.signal(platformEvent, { id: 'cancel', type: 'order.cancelled', occurredAt });
        return;
      }
      case 'customer': {
        const data = { reason: 'No need', requestedBy: 'customer' } as const;
        const time = '2031-01-02T00:00:00Z';
        await this.#handle.signal(providerEvent, { id: 'cancel', type: 'order.cancelled', time, data });
        return;
      }
      case 'operator': {
        const command = { command: 'cancel', reason: 'No crew', actor: 'dana' } as const;
        const telling = this.#handle.executeUpdate(operate, { args: [command] });
        // What is installed is no order any more that could be called off.
        if (this.row.scene.name === 'installed') await telling.catch(() => undefined);
        else await telling;
      }
    }
  }

  /** The workflow's own end; or what it comes to where the order goes on. */
  async #end(): Promise<OrderView> {
    const { path, attention } = expectedOf(this.row);
    if (path.at(-1) === 'completed' && attention !== 'cancelled_in_field') {
      await this.#isShown(path);
      return await this.#views('a person to be told', (view) => (view.attention?.code ?? null) === attention);
    }
    await this.#within(this.#handle.result());
    return await this.#handle.query(state);
  }

  async #within(ended: Promise<unknown>): Promise<void> {
    const late = wait(PATIENCE, 'late', { ref: false });
    if ((await Promise.race([ended, late])) === 'late')
      throw new Error(`no end of ${this.itemId}: ${JSON.stringify(await this.#handle.query(state))}`);
  }

  async #views(what: string, holds: (view: OrderView) => boolean): Promise<OrderView> {
    const look = async () => {
      const view: OrderView = await this.#handle.query(state);
      return holds(view) && view;
    };
    return await eventually(`${what}: ${this.itemId}`, look, {
      within: PATIENCE,
      seen: () => this.#handle.query(state),
    });
  }

  #calls(system: 'offergrid' | 'provider'): Call[] {
    const log = copyOf(this.time[system].control);
    return log.filter((call) => this.#isOurs(call));
  }

  #isOurs({ path, body }: Call): boolean {
    const about = (body as { itemId?: string } | undefined)?.itemId;
    return about === this.itemId || path.split('/').some((part) => part.endsWith(this.itemId));
  }

  /** What is in hand when the cancellation comes may be repeated once: the attempt may have begun already. */
  #callsOff({ method, path, body, faults }: Call): boolean {
    const { inHand } = this.row.scene;
    if (method === 'GET') return true;
    if (method === 'PATCH') {
      const { status } = body as { status: string };
      return status === expectedOf(this.row).path.at(-1) || (status === inHand?.update && faults.length > 0);
    }
    return (
      path.endsWith('/cancel') || (path === inHand?.path && (faults.length > 0 || path === '/work-orders'))
    );
  }
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
