import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scenes } from '../../sandbox/demo/scenes.js';
import { startBuilt } from './built-program.js';

const DEMO = 'dist/sandbox/demo/main.js';
const READY_MS = 60_000;
const DONE_MS = 150_000;
const NOTHING = { processes: [], files: [] };

/** The rows of the last table, by order: `[item, path, answered, SLA, expected]`. */
function table(output: string): Map<string, string[]> {
  const lines = output.slice(output.lastIndexOf('\norder  ')).split('\n').slice(3);
  const rows = lines.slice(0, lines.indexOf('')).map((line) => line.split(/ {2,}/));
  return new Map(rows.map(([name = '', ...cells]) => [name, cells]));
}

describe.concurrent('the demo', { timeout: DONE_MS + READY_MS }, () => {
  test('plays every scene to its expected end and leaves nothing', async ({ onTestFinished }) => {
    const demo = await startBuilt(DEMO, onTestFinished);
    await demo.printed(/^Ready after [\d.]+ s\.$/m, READY_MS);
    const { code } = await demo.exited;

    const output = demo.output();
    expect(code, output).toBe(0);
    const rows = table(output);
    expect([...rows.keys()]).toEqual(scenes.map(({ name }) => name));
    for (const { name, expected } of scenes) {
      const [item, path, answered, sla, asExpected] = rows.get(name) ?? [];
      expect(item).toMatch(/^item-/);
      expect({ path, sla, asExpected }).toEqual({
        path: expected.path.join(' → '),
        sla: expected.sla,
        asExpected: 'yes',
      });
      expect(answered).toMatch(/^\d+\.\d s$/);
    }
    expect(output).toMatch(/^ +NET-1000 +update +monthlyPrice 59\.99 → 54\.99\n +NET-300 +create$/m);
    expect(output).toMatch(/Offer sync: completed \(1 created, 1 updated, /);
    expect(output).toMatch(/comes up empty\. Offer sync: awaiting_approval, .*no product is listed/);
    expect(output).toContain('The offers followed the catalogue as expected.');
    expect(output).toMatch(/SLA breach +notified +sla\.breached/);
    expect(output).not.toContain('\u001b');
    expect(await demo.leftovers()).toEqual(NOTHING);
  });

  test('an order that ends otherwise is named, and the exit code is 1', async ({ onTestFinished }) => {
    const demo = await startBuilt(DEMO, onTestFinished);
    const [, offergrid = ''] = await demo.printed(/^Simulated Offergrid: (\S+)/m, READY_MS);
    const [, itemId] = await demo.printed(/SLA breach +reseller +orders .*\((item-\w+)\)/, READY_MS);
    await demo.printed(/SLA breach +product +manual_review/, READY_MS);
    const moved = await fetch(`${offergrid}/control/status`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ itemId, status: 'failed', by: 'dashboard' }),
    });
    expect(moved.status).toBe(204);
    const [, folder = ''] = await demo.printed(/^What the processes printed: (\S+)$/m, DONE_MS);
    const { code } = await demo.exited;

    const output = demo.output();
    expect(code, output).toBe(1);
    const rows = table(output);
    expect(rows.get('SLA breach')?.at(-1)).toBe('NO');
    expect(rows.get('standard')?.at(-1)).toBe('yes');
    expect(output).toMatch(
      /^NO {2}SLA breach .*path: expected pending → .* saw pending → (submitted_to_provider → )?failed$/m,
    );
    expect(output).toContain(`${scenes.length - 1} of ${scenes.length} orders ended as expected.`);
    expect((await readdir(folder)).sort()).toEqual(['api.log', 'postgres.log', 'temporal.log', 'worker.log']);
    expect(await demo.leftovers()).toEqual({ ...NOTHING, files: [basename(folder)] });
  });

  test('Ctrl-C in the middle stops everything', async ({ onTestFinished }) => {
    const demo = await startBuilt(DEMO, onTestFinished);
    await demo.printed(/offergrid +pending → accepted/, READY_MS);
    demo.kill('SIGINT');
    const { code } = await demo.exited;
    expect(code, demo.output()).toBe(130);
    expect(demo.output()).not.toContain('ended as expected');
    expect(await demo.leftovers()).toEqual(NOTHING);
  });

  test('Ctrl-C while it starts stops what was begun', async ({ onTestFinished }) => {
    const demo = await startBuilt(DEMO, onTestFinished);
    await demo.printed(/^Starting Postgres/m, READY_MS);
    demo.kill('SIGINT');
    const { code } = await demo.exited;
    expect(code, demo.output()).toBe(130);
    expect(demo.output()).not.toContain('Ready');
    expect(await demo.leftovers()).toEqual(NOTHING);
  });
});
