import { startEmbeddedSystem, type EmbeddedSystem } from './demo/embedded-system.js';
import { endWith, Interrupted, onInterruption } from './demo/interruption.js';
import { runTraffic } from './demo/traffic.js';
import { sampleOrder } from './offergrid/control.js';

/** What one finds in documentation; others are taken when these are not free. */
const PORTS = { api: 8080, temporal: 7233, temporalUi: 8233 };

interface Place {
  what: string;
  url: string;
  /** What is asked to see whether it is there; default the address itself. */
  probe?: string;
}

/** Keeps the stack up until Ctrl-C. The exit code: 0 when it was told to stop, 1 when something ended by itself. */
async function main(signal: AbortSignal): Promise<number> {
  const began = performance.now();
  console.log('Starting Postgres, Temporal, the worker, the API, and a simulated Offergrid and provider …');
  let embedded: EmbeddedSystem | undefined;
  try {
    const { temporal, temporalUi } = PORTS;
    embedded = await startEmbeddedSystem({ ports: { temporal, temporalUi }, apiPort: PORTS.api, signal });
    console.log(`Ready after ${((performance.now() - began) / 1000).toFixed(1)} s.\n`);
    for (const { what, url } of await answering(places(embedded))) console.log(`${what.padEnd(24)}${url}`);
    console.log(`\n${hint(embedded)}\n\nOrders come every 20 seconds. Ctrl-C stops everything.\n`);
    return await untilStopped(embedded, signal);
  } catch (error) {
    if (error instanceof Interrupted) return 0;
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await embedded?.stop();
    console.log('Everything is stopped.');
  }
}

async function untilStopped(embedded: EmbeddedSystem, signal: AbortSignal): Promise<number> {
  const { system } = embedded;
  const over = new AbortController();
  signal.addEventListener('abort', () => over.abort(), { once: true });
  const ends = [system.api(), system.worker()].map(async (process) => {
    await process.exited;
    return process.name;
  });
  const traffic = runTraffic(system, over.signal).then(() => undefined);
  const ended = await Promise.race([traffic, ...ends]);
  over.abort();
  await traffic;
  if (ended === undefined) return 0;
  console.error(`${ended} ended by itself. What the processes printed: ${await embedded.saveOutput()}`);
  return 1;
}

function hint({ system }: EmbeddedSystem): string {
  const { keys, offergrid, env } = system;
  const headers = `-H 'authorization: Bearer ${keys.admin}' -H 'content-type: application/json'`;
  return [
    'Some orders have no ZIP code and wait for a person. What waits, and an approval:',
    `  curl ${headers} '${system.apiUrl}/v1/orders?attention=true'`,
    `  curl ${headers} -d '{"command":"approve"}' ${system.apiUrl}/v1/orders/ITEM_ID/commands`,
    'An order of your own, as a reseller places it:',
    `  curl -H 'x-api-key: ${keys.reseller}' -H 'content-type: application/json' -d '${JSON.stringify(sampleOrder)}' ${offergrid.url}/reseller/orders`,
    'The command line, in another shell:',
    `  DATABASE_URL='${env['DATABASE_URL']}' npm run --silent cli -- orders list`,
  ].join('\n');
}

function places({ system, temporalUiUrl }: EmbeddedSystem): Place[] {
  const { apiUrl, workerUrl, offergrid } = system;
  return [
    { what: 'API', url: apiUrl, probe: `${apiUrl}/readyz` },
    { what: 'Ops board', url: `${apiUrl}/ops` },
    { what: 'API docs', url: `${apiUrl}/docs` },
    { what: 'Worker', url: `${workerUrl}/readyz` },
    ...(temporalUiUrl === undefined ? [] : [{ what: 'Temporal UI', url: temporalUiUrl }]),
    { what: 'Simulated Offergrid', url: offergrid.url },
    { what: 'Its control', url: `${offergrid.url}/control/items` },
  ];
}

/** Those that are there: nobody is sent to an address that does not answer. */
async function answering(all: readonly Place[]): Promise<Place[]> {
  const answers = await Promise.all(
    all.map(async ({ url, probe = url }) => {
      const response = await fetch(probe, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok === true;
    }),
  );
  return all.filter((_, index) => answers[index]);
}

endWith(await main(onInterruption()));
