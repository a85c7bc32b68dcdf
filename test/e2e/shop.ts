import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { OfferSyncReport, OfferSyncStatus } from '../../domain/offer-sync-run.js';
import { offerSyncWorkflowId } from '../../domain/workflow-names.js';
import type { Call } from '../../sandbox/http/call-log.js';
import type { Product } from '../../sandbox/provider/requests.js';
import { spawnProcess } from '../../sandbox/stack/child-process.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import type { SystemOptions } from '../../sandbox/system/start-system.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';

export const product = (sku: string, more: Partial<Product> = {}): Product => ({
  sku,
  productName: `Plan ${sku}`,
  type: 'other',
  price: 20,
  isActive: true,
  ...more,
});

export const skus = (count: number) => Array.from({ length: count }, (_, n) => `SKU-${n + 1}`);

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** A provider's products on one side, its offers at the platform on the other. */
export class Shop {
  #callsBefore = 0;

  constructor(private readonly running: () => TestSystem) {}

  get system(): TestSystem {
    return this.running();
  }

  /** Both sides hold just these products; what was called before does not count any more. */
  async begin(products: readonly Product[]): Promise<void> {
    this.system.offergrid.control.clearFaults();
    this.system.provider.control.clearFaults();
    await this.empty();
    for (const { sku, productName, type, price, details } of products) {
      const offer = { sku, name: productName, category: type, monthlyPrice: price, status: 'active' };
      await this.platform('POST', '', { ...offer, serviceSpecificData: details ?? undefined });
    }
    this.stock(products);
    this.forget();
  }

  /** Leaves no offer at the platform. */
  async empty(): Promise<void> {
    for (const { id } of this.system.offergrid.control.offers()) await this.platform('DELETE', `/${id}`);
  }

  forget(): void {
    this.#callsBefore = this.system.offergrid.control.calls().length;
  }

  stock(products: readonly Product[]): void {
    this.system.provider.control.setProducts(products);
  }

  /** As the team itself may call the platform, by hand. */
  async platform(method: string, path: string, body?: object): Promise<void> {
    const response = await fetch(`${this.system.offergrid.url}/provider/offers${path}`, {
      method,
      headers: { 'x-api-key': this.system.keys.provider, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  offer(sku: string) {
    return this.system.offergrid.control.offers().find((offer) => offer.sku === sku);
  }

  /** Calls about offers, by method, since the beginning. */
  calls(method: 'GET' | 'POST' | 'PATCH' | 'DELETE'): Call[] {
    return this.system.offergrid.control
      .calls()
      .slice(this.#callsBefore)
      .filter((call) => call.path.startsWith('/provider/offers') && call.method === method);
  }

  writes(): Call[] {
    return [...this.calls('POST'), ...this.calls('PATCH'), ...this.calls('DELETE')];
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const { apiUrl, keys } = this.system;
    const response = await fetch(`${apiUrl}/v1/offers${path}`, {
      method,
      headers: { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** The built command as people run it, `offers sync` and what follows. What it printed, and its exit code. */
  async cli(...args: string[]): Promise<{ code: number | null; output: string }> {
    const process = await spawnProcess({
      name: 'cli',
      args: ['dist/cli/main.js', 'offers', 'sync', ...args],
      env: this.system.env,
      cwd: projectRoot(),
    });
    const { code } = await process.exited;
    return { code, output: process.output() };
  }

  /** Reads of the provider's catalogue ever since, each page counted. */
  productReads(): number {
    return this.system.provider.control.calls().filter((call) => call.path === '/products').length;
  }

  /** What resellers can find, by SKU. */
  async onSale(): Promise<(string | undefined)[]> {
    const response = await fetch(`${this.system.offergrid.url}/reseller/catalog`, {
      headers: { 'x-api-key': this.system.keys.reseller },
    });
    const listed = (await response.json()) as { id: string }[];
    const offers = this.system.offergrid.control.offers();
    return listed.map(({ id }) => offers.find((offer) => offer.id === id)?.sku ?? undefined);
  }

  /** Asks for a run; its id. */
  async ask(body?: { dryRun?: boolean }): Promise<string> {
    return runIdIn(await this.call('POST', '/sync', body));
  }

  async changed(...changedSkus: string[]): Promise<string> {
    return runIdIn(await this.call('POST', '/products-changed', { skus: changedSkus }));
  }

  async report(runId: string): Promise<OfferSyncReport> {
    const { status, body } = await this.call('GET', `/sync/${runId}`);
    if (status !== 200) throw new Error(`run ${runId} was answered ${status}: ${JSON.stringify(body)}`);
    return body as unknown as OfferSyncReport;
  }

  /** The run once it is there; default over. */
  async reaches(runId: string, ...statuses: OfferSyncStatus[]): Promise<OfferSyncReport> {
    const wanted = statuses.length > 0 ? statuses : (['completed', 'completed_with_errors'] as const);
    const look = async () => {
      const report = await this.report(runId);
      return (wanted as readonly string[]).includes(report.status) && report;
    };
    const seen = async () => [await this.report(runId), await this.#underWay().catch(String)];
    return await eventually(`the run to be ${wanted.join(' or ')}`, look, { within: 50_000, seen });
  }

  /** What Temporal waits for, and the last that happened: for a run that does not come to its end. */
  async #underWay() {
    const handle = this.system.client.workflow.getHandle(offerSyncWorkflowId(false));
    const { raw } = await handle.describe();
    const { events } = await handle.fetchHistory();
    return {
      now: new Date().toISOString(),
      pending: (raw.pendingActivities ?? []).map(({ activityType, state, attempt, lastFailure }) => [
        activityType?.name,
        state,
        attempt,
        lastFailure?.message,
      ]),
      events: (events ?? [])
        .slice(-12)
        .map(({ eventType, eventTime }) => [
          eventType,
          new Date(Number(eventTime?.seconds) * 1000).toISOString(),
        ]),
    };
  }

  /** A run from its beginning to its end. */
  async synced(body?: { dryRun?: boolean }): Promise<OfferSyncReport> {
    return await this.reaches(await this.ask(body));
  }
}

/** The shop of a test file; each of its tests begins with these products on both sides. */
export function openShop(products: readonly Product[], options: Partial<SystemOptions> = {}): Shop {
  let system: TestSystem;
  const shop = new Shop(() => system);
  beforeAll(async () => {
    system = await startTestSystem({ offergrid: { offers: [] }, ...options });
  });
  afterAll(() => system?.stop());
  beforeEach(() => shop.begin(products));
  return shop;
}

function runIdIn({ status, body }: Answer): string {
  if (status !== 202) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body['runId'] as string;
}
