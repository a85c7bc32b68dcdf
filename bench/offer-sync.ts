import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { startEmbeddedSystem } from '../sandbox/demo/embedded-system.js';
import type { Offer } from '../sandbox/offergrid/offers.js';
import { generatedProducts } from '../sandbox/provider/products.js';
import type { System } from '../sandbox/system/start-system.js';

/**
 * Offers in step with as many products, of which some have a new price: what a sync of that calls, takes and needs, and
 * what the next ones do. With `--first` there are no offers yet, and all products are new: at 100 calls a minute 10,000
 * would take 100 minutes. The simulated Offergrid enforces its limit. Exit 1 when more or less was sent than changed.
 */
const { values } = parseArgs({
  options: {
    first: { type: 'boolean', default: false },
    products: { type: 'string', default: '10000' },
    changed: { type: 'string', default: '100' },
    again: { type: 'string', default: '8' },
    'calls-per-minute': { type: 'string', default: '100' },
  },
});
const products = Number(values.products);
const changed = values.first ? products : Number(values.changed);
const callsPerMinute = Number(values['calls-per-minute']);
/** Nothing beyond the minutes limits a run. */
const callsPerHour = 60 * callsPerMinute;
const PAGE = 1_000;
const PATIENCE_MS = 30 * 60_000;
const SAMPLE_EVERY_MS = 200;
/** More would be memory that no run gives back. */
const MOST_GROWTH = 1.25;
/** The report of a run lists all its changes. */
const REPORT_EVERY_MS = values.first ? 2_000 : SAMPLE_EVERY_MS;

interface Report {
  status: string;
  created: number;
  updated: number;
  unchanged: number;
  deactivated: number;
  failed: number;
}

interface Figures {
  report: Report;
  seconds: number;
  /** Until the first change was sent, or the end when none was. */
  secondsToPlan: number;
  lists: number;
  writes: number;
  refused: number;
  pages: number;
  /** Of the worker's memory, MB: at the start, at most, and at most in each quarter of the time. */
  before: number;
  peak: number;
  quarters: number[];
}

const ended = new AbortController();
process.once('SIGINT', () => ended.abort());
process.once('SIGTERM', () => ended.abort());

const embedded = await startEmbeddedSystem({
  signal: ended.signal,
  offergrid: { callsPerMinute, callsPerHour },
  env: { OFFERGRID_CALLS_PER_MINUTE: `${callsPerMinute}`, OFFERGRID_CALLS_PER_HOUR: `${callsPerHour}` },
});
try {
  const { system } = embedded;
  const catalogue = generatedProducts(products);
  system.offergrid.control.setOffers(values.first ? [] : catalogue.map(offerOf));
  const every = Math.floor(products / changed);
  const isChanged = (index: number) => !values.first && index % every === 0 && index < every * changed;
  system.provider.control.setProducts(
    catalogue.map((one, index) => (isChanged(index) ? { ...one, price: (one.price ?? 0) + 5 } : one)),
    PAGE,
  );
  const first = await sync(system);
  tell(values.first ? 'the first' : 'with changes', first);
  const later: Figures[] = [];
  for (let run = 0; run < Number(values.again); run += 1) {
    const again = await sync(system);
    tell('again, in step', again);
    later.push(again);
  }
  console.log(`histories, newest first: ${await histories(system)}`);
  console.log(`memory of the later half of the runs in step over the earlier: ${growth(later).toFixed(2)}`);
  const right =
    first.writes === changed &&
    first.report[values.first ? 'created' : 'updated'] === changed &&
    first.report.unchanged === products - changed &&
    later.every(({ writes, report }) => writes === 0 && report.unchanged === products) &&
    [first, ...later].every(({ lists, refused }) => lists === 1 && refused === 0) &&
    growth(later) <= MOST_GROWTH;
  if (!right) {
    console.error('Not what was expected.');
    process.exitCode = 1;
  }
} finally {
  await embedded.stop();
}

function offerOf(product: ReturnType<typeof generatedProducts>[number]): Offer {
  return {
    id: `off-${product.sku}`,
    name: product.productName,
    category: 'internet',
    status: 'active',
    sku: product.sku,
    monthlyPrice: product.price,
    description: product.description,
    serviceSpecificData: product.details,
  };
}

async function sync(system: System): Promise<Figures> {
  const { offergrid, provider } = system;
  const callsBefore = offergrid.control.calls().length;
  const pagesBefore = provider.control.calls().length;
  const before = await residentMb(system.worker().pid);
  const began = Date.now();
  const { runId } = await api<{ runId: string }>(system, 'POST', '/v1/offers/sync', {});
  let report: Report;
  const samples = [before];
  do {
    const lookAgain = Date.now() + REPORT_EVERY_MS;
    do {
      await sleep(SAMPLE_EVERY_MS, undefined, { signal: ended.signal });
      samples.push(await residentMb(system.worker().pid));
    } while (Date.now() < lookAgain);
    report = await api<Report>(system, 'GET', `/v1/offers/sync/${runId}`);
    if (Date.now() - began > PATIENCE_MS) throw new Error(`still ${report.status}`);
  } while (report.status === 'running');
  const over = Date.now();
  const calls = offergrid.control.calls().slice(callsBefore);
  const writes = calls.filter(({ method, path }) => method !== 'GET' && path.startsWith('/provider/offers'));
  const firstWrite = writes[0] === undefined ? over : Date.parse(writes[0].at);
  return {
    report,
    seconds: (over - began) / 1_000,
    secondsToPlan: (firstWrite - began) / 1_000,
    lists: calls.filter(({ method, path }) => method === 'GET' && path === '/provider/offers').length,
    writes: writes.length,
    refused: calls.filter(({ status }) => status === 429).length,
    pages: provider.control.calls().length - pagesBefore,
    before,
    peak: Math.max(...samples),
    quarters: [0, 1, 2, 3].map((quarter) => mostIn(samples, quarter)),
  };
}

/** The worker's most memory in the later half of the runs over that in the earlier half; 1 where there is nothing to tell. */
function growth(runs: Figures[]): number {
  const half = Math.floor(runs.length / 2);
  const most = (some: Figures[]) => Math.max(...some.map(({ peak }) => peak));
  const ratio = most(runs.slice(-half)) / most(runs.slice(0, half));
  return half === 0 || Number.isNaN(ratio) ? 1 : ratio;
}

function mostIn(samples: number[], quarter: number): number {
  const from = Math.floor((quarter * samples.length) / 4);
  const to = Math.ceil(((quarter + 1) * samples.length) / 4);
  return Math.max(...samples.slice(from, to));
}

async function api<T>(system: System, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${system.apiUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${system.keys.admin}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok)
    throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** As Linux counts it; NaN elsewhere. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024);
}

/** Of the runs' executions in Temporal, newest first; of many the greatest. */
async function histories(system: System): Promise<string> {
  const connection = await Connection.connect({ address: system.env['TEMPORAL_ADDRESS'] ?? '' });
  try {
    const client = new Client({ connection, namespace: system.env['TEMPORAL_NAMESPACE'] ?? 'default' });
    const found: { events: number; kib: number }[] = [];
    for await (const { historyLength = 0, historySize = 0 } of client.workflow.list({
      query: 'WorkflowId = "offer-sync"',
    }))
      found.push({ events: historyLength, kib: Math.round(historySize / 1_024) });
    if (found.length <= 10) return found.map(({ events, kib }) => `${events} events, ${kib} KiB`).join('; ');
    const most = (of: 'events' | 'kib') => Math.max(...found.map((one) => one[of]));
    return `${found.length} executions of at most ${most('events')} events, ${most('kib')} KiB`;
  } finally {
    await connection.close();
  }
}

function tell(name: string, figures: Figures): void {
  const { report, seconds, secondsToPlan, lists, writes, refused, pages, before, peak, quarters } = figures;
  console.log(
    `${name}: ${report.status}, ${report.created} created, ${report.updated} updated, ${report.unchanged} unchanged; ` +
      `${lists} list, ${writes} writes, ${refused} of 429, ${pages} product pages; ` +
      `${secondsToPlan.toFixed(1)} s to the first change, ${seconds.toFixed(1)} s in all; ` +
      `worker ${before} MB before, ${peak} MB at most (${quarters.join(', ')} by quarters)`,
  );
}
