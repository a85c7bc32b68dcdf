import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startSkippedTime, type SkippedTime } from '../support/skipped-time.js';

/* Offergrid says for how long it wants to be left alone: longer than the first repeat would wait by itself. */

const ASKED_MS = 4_000;
const SECONDS = ASKED_MS / 1_000;

const BUSY = {
  'Retry-After': { headers: { 'Retry-After': `${SECONDS}` } },
  retryAfter: { body: { retryAfter: SECONDS } },
};
type Way = keyof typeof BUSY;
const WAYS = Object.keys(BUSY) as Way[];
const itemOf = (way: Way) => `item-busy-${way.toLowerCase()}`;

let time: SkippedTime;
beforeAll(async () => {
  time = await startSkippedTime({}, { server: 'dev' });
  time.offergrid.control.setFaults(
    WAYS.map((way) => ({
      ...{ kind: 'error', status: 503, method: 'PATCH', times: 1, ...BUSY[way] },
      path: `/provider/orders/${itemOf(way)}/status`,
    })),
  );
});
afterAll(() => time?.stop());

test.concurrent.each(WAYS)('%s: the item makes no call before', async (way) => {
  const itemId = itemOf(way);
  await time.hear({ itemId });
  const calls = () => time.offergrid.control.calls().filter(({ path }) => path.includes(itemId));
  await eventually('the acceptance', () => time.offergrid.control.path(itemId).includes('accepted'));
  const refused = calls().findIndex(({ status }) => status === 503);
  const [before, next] = calls().slice(refused);
  expect(Date.parse(next!.at) - Date.parse(before!.at)).toBeGreaterThanOrEqual(ASKED_MS);
});
