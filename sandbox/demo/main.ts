import { DEADLINE_S, demoPolicy, WARNINGS_AFTER_S } from './demo-policy.js';
import { startEmbeddedSystem, type EmbeddedSystem } from './embedded-system.js';
import { endWith, Interrupted, onInterruption } from './interruption.js';
import { playOfferScene } from './offer-scene.js';
import { outcomeTable } from './outcome-table.js';
import { playScenes } from './play.js';
import { createProductApi } from './product-api.js';
import { scenes } from './scenes.js';

const ALL_EXPECTED = 0;
const SOMETHING_ELSE = 1;

/** Plays the demo on a stack of its own. The exit code: 0 when every outcome is the expected one. */
async function main(signal: AbortSignal): Promise<number> {
  const began = performance.now();
  console.log('Starting Postgres, Temporal, the worker, the API, and a simulated Offergrid and provider …');
  let embedded: EmbeddedSystem | undefined;
  try {
    embedded = await startEmbeddedSystem({
      policy: demoPolicy,
      env: { LOG_LEVEL: 'info' },
      signal,
    });
    console.log(`Ready after ${((performance.now() - began) / 1000).toFixed(1)} s.`);
    console.log(`Simulated Offergrid: ${embedded.system.offergrid.url} (what it saw: /control/items)\n`);
    const { system } = embedded;
    const api = createProductApi(system.apiUrl, system.keys.admin);
    const offerDifferences = await playOfferScene(system, api, signal);
    console.log(
      `${scenes.length} orders are placed. In this demo an answer is due ${DEADLINE_S} s after the order, with ` +
        `warnings after ${WARNINGS_AFTER_S.join(' and ')} s (really: 24 h, and 12, 20 and 23 h).\n`,
    );
    const verdicts = await playScenes(system, signal);
    console.log(`\n${outcomeTable(verdicts, process.stdout.columns ?? Infinity)}\n`);
    const asExpected = verdicts.filter(({ differences }) => differences.length === 0).length;
    console.log(`${asExpected} of ${verdicts.length} orders ended as expected.`);
    for (const difference of offerDifferences) console.log(`NO  ${difference}`);
    if (offerDifferences.length === 0) console.log('The offers followed the catalogue as expected.');
    if (asExpected === verdicts.length && offerDifferences.length === 0) return ALL_EXPECTED;
    console.log(`What the processes printed: ${await embedded.saveOutput()}`);
    return SOMETHING_ELSE;
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    console.error(error instanceof Error ? error.message : error);
    if (embedded !== undefined) console.error(`What the processes printed: ${await embedded.saveOutput()}`);
    return SOMETHING_ELSE;
  } finally {
    await embedded?.stop();
  }
}

endWith(await main(onInterruption()));
