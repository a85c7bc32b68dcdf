import { expect, test } from 'vitest';
import { offerSyncWorkflowId } from '../../domain/workflow-names.js';
import type { OfferSyncReport } from '../../domain/offer-sync-run.js';
import { runCommand } from '../../sandbox/stack/run-command.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { eventually } from '../support/eventually.js';
import { openShop, product, skus } from './shop.js';

const BASE = skus(12).map((sku) => product(sku));
const FIBER = { minBandwidth: 500, maxBandwidth: 1000, connectionType: 'fiber' };

const shop = openShop(BASE);

/** What the Temporal UI shows as the current details of a workflow. */
async function details(dryRun = false): Promise<string> {
  const handle = shop.system.client.workflow.getHandle(offerSyncWorkflowId(dryRun));
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return currentDetails;
}

test('a dry run on the command line: a table of what would change, the same as over HTTP, and nothing sent', async () => {
  const internet = { type: 'internet', details: FIBER } as const;
  await shop.begin([...BASE, product('NET', internet)]);
  await shop.platform('PATCH', `/${shop.offer('SKU-2')!.id}`, { status: 'draft' });
  shop.forget();
  const before = shop.system.offergrid.control.offers();
  shop.stock([
    ...BASE.slice(1, 10),
    product('SKU-11', { price: 21.5, productName: 'Plan Eleven' }),
    product('SKU-12', { price: -1 }),
    product('NET', { ...internet, details: { ...FIBER, maxBandwidth: 2000, dataCap: null } }),
    product('SKU-new'),
  ]);

  const { code, output } = await shop.cli('--dry-run');
  expect(code, output).toBe(0);
  const [head, counts, nothing, , ...table] = output.trimEnd().split('\n');
  expect(head).toMatch(/^Dry run [\w-]+: completed_with_errors\.$/);
  expect(counts).toBe('would be created 1, updated 2, deactivated 1, unchanged 8, failed 1, skipped 1');
  expect(nothing).toBe('Nothing was sent.');
  expect(table).toEqual([
    'SKU      ACTION      CHANGE',
    'SKU-11   update      name: "Plan SKU-11" → "Plan Eleven"',
    '                     monthlyPrice: 20 → 21.5',
    'NET      update      serviceSpecificData.maxBandwidth: 1000 → 2000',
    '                     serviceSpecificData.dataCap: nothing → null',
    'SKU-new  create',
    'SKU-1    deactivate  status: "active" → "inactive"',
    expect.stringMatching(/^SKU-2 {4}skip {8}the product is sold, but its offer is draft/),
    expect.stringMatching(/^SKU-12 {3}error {7}price: /),
  ]);

  const asJson = await shop.cli('--dry-run', '--json');
  expect(asJson.code).toBe(0);
  const overHttp = await shop.synced({ dryRun: true });
  const { runId, ...same } = JSON.parse(asJson.output) as OfferSyncReport;
  expect(runId).not.toBe(overHttp.runId);
  expect({ ...same, runId: overHttp.runId }).toEqual(overHttp);
  expect(overHttp).toMatchObject({
    created: 1,
    updated: 2,
    deactivated: 1,
    unchanged: 8,
    skipped: 1,
    failed: 1,
  });
  expect(overHttp.changes[0]).toEqual({
    sku: 'SKU-11',
    action: 'update',
    fields: {
      name: { from: 'Plan SKU-11', to: 'Plan Eleven' },
      monthlyPrice: { from: 20, to: 21.5 },
    },
  });

  expect(shop.writes()).toEqual([]);
  expect(shop.system.offergrid.control.offers()).toEqual(before);
  // What was shown is what is done.
  const real = await shop.synced();
  expect(real.changes).toEqual(overHttp.changes);
  expect(shop.writes()).toHaveLength(4);
});

test('while it sends: a line for each tenth on the command line, and the details in Temporal', async () => {
  shop.stock(BASE.map(({ sku }) => product(sku, { price: 21 })));
  shop.system.offergrid.control.setFaults([{ kind: 'delay', ms: 1_000, method: 'PATCH' }]);
  const seen = new Set<string>();
  const command = shop.cli();
  await eventually('the end', async () => {
    if (shop.writes().length > 0) seen.add(await details());
    return shop.writes().filter(({ status }) => status === 200).length === 12;
  });
  const { code, output } = await command;
  expect(code, output).toBe(0);
  expect([...seen].filter((line) => /^Sending changes: (\d|1[01]) of 12 done\.$/.test(line))).not.toEqual([]);
  const told = output.split('\n').filter((line) => /^\d+ of 12 changes, 0 failed$/.test(line));
  const counts = told.map((line) => parseInt(line, 10));
  expect(counts.length).toBeGreaterThan(0);
  expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
  expect(output).not.toContain('\u001b');
  expect(output).toMatch(/^Run [\w-]+: completed\.\ncreated 0, updated 12, /m);
  expect(await details()).toBe('Done.');
});

/** `script` gives a command a terminal; that of Linux takes other options than that of the BSDs, macOS among them. */
const onTerminal = (command: string): string[] =>
  process.platform === 'linux' ? ['-qec', command, '/dev/null'] : ['-q', '/dev/null', 'sh', '-c', command];

test('on a terminal: a bar that grows, and is gone when the report is there', async () => {
  shop.stock(BASE.map(({ sku }) => product(sku, { price: 22 })));
  shop.system.offergrid.control.setFaults([{ kind: 'delay', ms: 1_000, method: 'PATCH' }]);
  const output = await runCommand({
    name: 'cli on a terminal',
    command: '/usr/bin/script',
    args: onTerminal(`stty cols 100; '${process.execPath}' dist/cli/main.js offers sync`),
    env: shop.system.env,
    cwd: projectRoot(),
    timeoutMs: 50_000,
  });
  // A line that is drawn begins with a return, and clears what is left of the one before.
  const drawn = output.split('\r').filter((line) => line.includes('\u001b[K'));
  const shares = drawn.flatMap((line) => {
    const [, bar = '', share] = /^([█░]{24}) (\d+) % \d+ of 12 changes, 0 failed/.exec(line) ?? [];
    return share === undefined ? [] : [{ share: Number(share), full: bar.replaceAll('░', '').length }];
  });
  expect(drawn[0]).toContain('Reading and comparing');
  expect(new Set(shares.map(({ share }) => share)).size).toBeGreaterThan(1);
  expect(shares).toEqual([...shares].sort((one, other) => one.share - other.share));
  for (const { share, full } of shares) expect(Math.abs(full / 24 - share / 100)).toBeLessThan(0.05);
  expect(output.slice(output.lastIndexOf('\u001b[K'))).toMatch(
    /^\S*Run [\w-]+: completed\.\r\ncreated 0, updated 12, /,
  );
});

test('what the details say of a run that waits, and of a dry run that would', async () => {
  shop.stock(BASE.slice(6));
  expect((await shop.synced({ dryRun: true })).status).toBe('completed');
  expect(await details(true)).toMatch(/^a real run would stop before its first change: 6 of 12 /);
  const runId = await shop.ask();
  await shop.reaches(runId, 'awaiting_approval');
  expect(await details()).toMatch(/^\*\*Waits for approval\*\*: 6 of 12 active offers/);
  const description = await shop.system.client.workflow.getHandle(offerSyncWorkflowId(false)).describe();
  expect(await description.staticSummary()).toBe('Offer sync');
  await shop.call('POST', `/sync/${runId}/stop`);
  await eventually(
    'the end in the details',
    async () => (await details()) === 'stopped: stopped by a person',
  );
});
