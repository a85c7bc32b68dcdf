import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { OrderView, TimelineEntry } from '../../domain/order-view.js';
import type { Outcome } from '../../domain/stage.js';
import type { Call } from '../../sandbox/http/call-log.js';
import { sampleOrder, type OrderOverrides } from '../../sandbox/offergrid/control.js';
import type { CreateOrder } from '../../sandbox/offergrid/create-order.js';
import type { System } from '../../sandbox/system/start-system.js';
import { eventually } from '../support/eventually.js';
import { codesIn, toldOf } from '../support/told.js';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** The body of `GET /v1/orders/{itemId}`. */
export type ShownItem = OrderView & { timeline: TimelineEntry[] };

/** Longer than what a killed worker leaves to time out, shorter than a test may take. */
const PATIENCE = 50_000;

/** An installation as the field reports it, from the visit's date to the live service. */
export const VISIT = {
  scheduledFor: '2031-01-15T13:00:00Z',
  appointmentWindow: '1-5 PM',
  technicianName: 'Mike Johnson',
  technicianPhone: '+1-555-999-8888',
  technicianId: 'tech-7',
};
export const LIVE = { accountNumber: '12345', activationDate: '2031-01-15' };

/** One order item of a running system, spoken to over HTTP and seen from every side. */
export class PlacedItem {
  #sent = 0;

  constructor(
    private readonly system: System,
    readonly itemId: string,
    readonly orderId: string,
  ) {}

  /** The provider's systems report something. */
  report(type: string, data: object = {}, more: { id?: string; time?: string } = {}): Promise<Answer> {
    this.#sent += 1;
    const body = { id: `${this.itemId}-evt-${this.#sent}`, type, source: 'field', data, ...more };
    return this.call('POST', `/v1/orders/${this.itemId}/events`, body);
  }

  /** The same, where it is sure to be taken. */
  async reported(type: string, data: object = {}, more: { id?: string; time?: string } = {}): Promise<void> {
    const { status, body } = await this.report(type, data, more);
    if (status !== 202) throw new Error(`${type} was answered ${status}: ${JSON.stringify(body)}`);
  }

  command(command: string, fields: object = {}): Promise<Answer> {
    return this.call('POST', `/v1/orders/${this.itemId}/commands`, { command, ...fields });
  }

  /** The same, where it is sure to be carried out. */
  async commanded(command: string, fields: object = {}): Promise<void> {
    mustBeDone(command, await this.command(command, fields));
  }

  /** The same in a flood, as a client says it: by one key, and again while no worker answers in time. */
  async commandedAmongMany(command: string, within: number, fields: object = {}): Promise<void> {
    const headers = { 'idempotency-key': randomUUID() };
    const path = `/v1/orders/${this.itemId}/commands`;
    const say = async () => {
      const given = await this.call('POST', path, { command, ...fields }, headers);
      return given.status !== 503 && given;
    };
    mustBeDone(command, await eventually(`an answer to ${command}`, say, { within }));
  }

  cancelledByReseller(): void {
    this.system.offergrid.control.cancelAsReseller(this.itemId);
  }

  workOrderStatus(workOrderId: string, fields: object): Promise<Answer> {
    const body = { offergridItemId: this.itemId, ...fields };
    return this.call('PUT', `/v1/work-orders/${workOrderId}/status`, body);
  }

  /** A body as it is, for what the other calls would not send. */
  async call(method: string, path: string, body?: unknown, headers: object = {}): Promise<Answer> {
    const { apiUrl, keys } = this.system;
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async shown(): Promise<ShownItem> {
    return (await this.call('GET', `/v1/orders/${this.itemId}`)).body as unknown as ShownItem;
  }

  /** What the platform saw, `pending` first. */
  path(): string[] {
    return this.system.offergrid.control.path(this.itemId);
  }

  /** Calls to the platform about this item, reads and updates. */
  platformCalls(): Call[] {
    const about = `/provider/orders/${this.itemId}`;
    return this.system.offergrid.control
      .calls()
      .filter(({ path }) => path === about || path.startsWith(`${about}/`));
  }

  /** The updates that were sent, whatever became of them. */
  updates(): { status: string; providerNotes: string; scheduledFor?: string; metadata: object }[] {
    return this.platformCalls()
      .filter(({ method }) => method === 'PATCH')
      .map(({ body }) => body as { status: string; providerNotes: string; metadata: object });
  }

  /** Calls to the provider's systems that changed something there. */
  providerCalls(path: string): Call[] {
    return this.system.provider.control
      .calls()
      .filter((call) => call.path === path && (call.body as { itemId?: string }).itemId === this.itemId);
  }

  workOrders() {
    return this.system.provider.control.workOrders().filter(({ itemId }) => itemId === this.itemId);
  }

  /** Types of what people were told, each notification once however often it was sent. */
  told(): string[] {
    return [...new Map(this.notices().map(({ id, type }) => [id, type])).values()];
  }

  notices() {
    return this.system.notifications.received().filter(({ data }) => data['itemId'] === this.itemId);
  }

  async reaches(...path: string[]): Promise<void> {
    const there = () => path.every((status, at) => this.path()[at] === status);
    await eventually(`the path ${path.join(', ')}`, there, { within: PATIENCE, seen: () => this.path() });
  }

  /** Until `GET /v1/orders/{itemId}` has these fields. */
  async shows(fields: Partial<ShownItem>): Promise<ShownItem> {
    return await this.#showing(`the item to show ${JSON.stringify(fields)}`, (shown) =>
      isDeepStrictEqual({ ...shown, ...fields }, shown),
    );
  }

  async needs(code: string, within = PATIENCE): Promise<ShownItem> {
    const isIt = ({ attention }: ShownItem) => attention?.code === code;
    return await this.#showing(`the attention ${code}`, isIt, within);
  }

  async ends(outcome: Outcome): Promise<ShownItem> {
    return await this.shows({ stage: 'done', outcome });
  }

  /** Until its story has a line that says this. */
  async notes(text: string): Promise<ShownItem> {
    return await this.#showing(`a line about ${text}`, ({ timeline }) =>
      timeline.some(({ note }) => note?.includes(text)),
    );
  }

  async #showing(what: string, holds: (shown: ShownItem) => boolean, within = PATIENCE): Promise<ShownItem> {
    const look = async () => {
      const shown = await this.shown();
      return holds(shown) && shown;
    };
    return await eventually(what, look, { within, seen: () => this.shown() });
  }

  /** Until the item has a work order with the provider's field service; its id. */
  async hasWorkOrder(): Promise<string> {
    return await eventually('a work order', async () => (await this.shown()).workOrderId ?? undefined, {
      seen: () => this.shown(),
    });
  }

  /** What people were asked to look at, by its codes. */
  askedAbout(): string[] {
    return codesIn(toldOf(this.itemId, this.notices()));
  }

  async isTold(...types: string[]): Promise<void> {
    const all = () => types.every((type) => this.told().includes(type));
    await eventually(`the notifications ${types.join(', ')}`, all, { seen: () => this.told() });
  }
}

function mustBeDone(command: string, { status, body }: Answer): void {
  if (status !== 200) throw new Error(`${command} was answered ${status}: ${JSON.stringify(body)}`);
}

/** The platform gets the sample order under an id chosen beforehand, for faults that are to strike only this item. */
export function placeAs(system: System, itemId: string, changes: OrderOverrides = {}): PlacedItem {
  const { orderId } = system.offergrid.control.placeOrder({ ...changes, itemIds: [itemId] });
  return new PlacedItem(system, itemId, orderId);
}

/** A reseller places the sample order, with changes, over HTTP. */
export async function placeOrder(
  system: System,
  { customerInfo, serviceAddress, ...changes }: OrderOverrides = {},
): Promise<PlacedItem> {
  const order: CreateOrder = {
    ...sampleOrder,
    ...(changes as Partial<CreateOrder>),
    customerInfo: { ...sampleOrder.customerInfo, ...(customerInfo as Partial<CreateOrder['customerInfo']>) },
    serviceAddress: {
      ...sampleOrder.serviceAddress,
      ...(serviceAddress as Partial<CreateOrder['serviceAddress']>),
    },
  };
  const response = await fetch(`${system.offergrid.url}/reseller/orders`, {
    method: 'POST',
    headers: { 'x-api-key': system.keys.reseller, 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
  if (response.status !== 201) throw new Error(`not placed: ${response.status} ${await response.text()}`);
  const placed = (await response.json()) as { orderId: string; items: { itemId: string }[] };
  return new PlacedItem(system, placed.items[0]!.itemId, placed.orderId);
}
