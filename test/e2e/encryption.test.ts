import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { systemForTest, type TestSystem } from '../support/test-system.js';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

/** Whatever Temporal keeps of an item, as its server sends it. */
async function keptBytes(system: TestSystem, itemId: string): Promise<string> {
  const history = await system.client.workflow.getHandle(`fulfillment-${itemId}`).fetchHistory();
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'));
    else if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(history);
  return texts.join('\n');
}

async function accepted(system: TestSystem): Promise<string> {
  const itemId = system.offergrid.control.placeOrder().items[0]!.itemId;
  await eventually('the acceptance', () => system.offergrid.control.path(itemId).includes('accepted'));
  return itemId;
}

test('without keys Temporal keeps the customer in clear, with keys it does not, and keys can be rotated', async () => {
  const customer = /John Doe|john@example\.com|123 Main St/;
  const first = key('a');
  const system = await systemForTest({ env: { PAYLOAD_ENCRYPTION_KEYS: undefined } });
  expect(await keptBytes(system, await accepted(system))).toMatch(customer);

  const restart = async (keys: string) => {
    await Promise.all([system.api().stop(), system.worker().stop()]);
    system.env['PAYLOAD_ENCRYPTION_KEYS'] = keys;
    await Promise.all([system.startApi(), system.startWorker()]);
  };
  await restart(first);
  const itemId = await accepted(system);
  expect(await keptBytes(system, itemId)).not.toMatch(customer);

  // The item was encrypted with the first key, and goes on under the second.
  await restart(`${key('b')},${first}`);
  const cancel = () =>
    fetch(`${system.apiUrl}/v1/orders/${itemId}/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system.keys.admin}`, 'content-type': 'application/json' },
      body: JSON.stringify({ command: 'cancel', reason: 'Moved away', requestedBy: 'customer' }),
    });
  // A task that the stopped worker was given is waited for, and the answer is to try again then.
  await eventually('the command to be taken', async () => (await cancel()).status !== 503);
  await eventually('the cancellation', () => system.offergrid.control.path(itemId).includes('cancelled'));
});
