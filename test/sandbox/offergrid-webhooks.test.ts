import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../sandbox/offergrid/faults.js';
import { startSandboxOffergrid, type SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import { signatureHeaders } from '../../sandbox/offergrid/webhook-signature.js';
import type { WebhookTarget } from '../../sandbox/offergrid/webhook-sender.js';
import { caller } from './calling.js';
import { startReceiver } from './receiver.js';

const secret = 'example-webhook-secret';
const vector =
  '{"event":"order.created","orderId":"ord-1","itemId":"item-1","offerId":"off-1","timestamp":"2025-01-02T10:00:00Z"}';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(
  target: Partial<WebhookTarget> = {},
  answer?: Parameters<typeof startReceiver>[0],
): Promise<{ sandbox: SandboxOffergrid; receiver: Awaited<ReturnType<typeof startReceiver>> }> {
  const receiver = await startReceiver(answer);
  const webhook = { url: `${receiver.url}/webhooks/offergrid`, secret, firstRetryMs: 10, ...target };
  const sandbox = await startSandboxOffergrid({ providerKey: 'pk_p', resellerKey: 'pk_r', webhook });
  closers.push(sandbox.close, receiver.close);
  return { sandbox, receiver };
}
const hmac = (text: string | Buffer) => createHmac('sha256', secret).update(text).digest('hex');

describe('signature', () => {
  it('agrees with the published vector, both variants', () => {
    const body = Buffer.from(vector);
    expect(body).toHaveLength(114);
    expect(signatureHeaders('body', secret, body, 1735812000_000)).toEqual({
      'x-offergrid-signature': 'c36d0d7dc5bc6f68c42312386429d726e108decc2fc1a21f07c5d7c3a08d5b9d',
    });
    expect(signatureHeaders('timestamped', secret, body, 1735812000_999)).toEqual({
      'x-offergrid-signature': '8c37f755acbde6fe8c3a6fef3d04f73fd8655b9b38191292afb29952b9ff7d2c',
      'x-offergrid-timestamp': '1735812000',
    });
  });

  it('signs the bytes that arrive', async () => {
    const { sandbox, receiver } = await start();
    sandbox.control.sendWebhook(vector);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]!.raw.toString()).toBe(vector);
    expect(receiver.received[0]!.headers['x-offergrid-signature']).toBe(
      'c36d0d7dc5bc6f68c42312386429d726e108decc2fc1a21f07c5d7c3a08d5b9d',
    );
    expect(receiver.received[0]!.headers).not.toHaveProperty('x-offergrid-timestamp');
  });

  it('covers the timestamp in the other variant, which is now', async () => {
    const { sandbox, receiver } = await start({ signature: 'timestamped' });
    const before = Math.floor(Date.now() / 1000);
    sandbox.control.placeOrder({ customerInfo: { fullName: 'Zoë Ünal' } });
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    const { headers, raw } = receiver.received[0]!;
    const timestamp = String(headers['x-offergrid-timestamp']);
    expect(Number(timestamp)).toBeGreaterThanOrEqual(before);
    expect(Number(timestamp)).toBeLessThanOrEqual(Date.now() / 1000);
    expect(headers['x-offergrid-signature']).toBe(hmac(`${timestamp}.${raw.toString()}`));
  });
});

describe('envelopes', () => {
  it('tells flat of a new order and of its cancel', async () => {
    const { sandbox, receiver } = await start({ envelope: 'flat' });
    const placed = sandbox.control.placeOrder({ orderId: 'ord-1', itemIds: ['item-1'] });
    sandbox.control.cancelAsReseller('ord-1', 'Moved away');
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2));
    const bodies = receiver.received.map((one) => one.json);
    const ids = { orderId: placed.orderId, itemId: 'item-1', offerId: 'off-789-ghi' };
    expect(bodies).toContainEqual({
      event: 'order.created',
      ...ids,
      timestamp: expect.any(String) as string,
    });
    expect(bodies).toContainEqual({
      event: 'order.cancelled',
      ...ids,
      timestamp: expect.any(String) as string,
    });
  });

  it('tells nested with an event id, and without the customer', async () => {
    const { sandbox, receiver } = await start({ envelope: 'nested' });
    sandbox.control.placeOrder({ orderId: 'ord-1', itemIds: ['item-1'] });
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    sandbox.control.cancelAsReseller('item-1', 'Moved away');
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2));
    expect(receiver.received[0]!.json).toEqual({
      id: expect.stringMatching(/^evt_/) as string,
      event: 'order.created',
      timestamp: expect.any(String) as string,
      data: {
        ...{ orderId: 'ord-1', itemId: 'item-1', offerId: 'off-789-ghi' },
        offerName: 'High-Speed Internet 1000 Mbps',
        resellerTeamId: 'team-sandbox-reseller',
        serviceAddress: { street: '123 Main St', city: 'San Francisco', state: 'CA', zipCode: '94102' },
      },
    });
    expect(receiver.received[1]!.json).toMatchObject({
      event: 'order.cancelled',
      data: { orderId: 'ord-1', itemId: 'item-1', reason: 'Moved away', cancelledBy: 'reseller' },
    });
    expect(receiver.received.map((one) => one.raw.toString()).join()).not.toContain('John');
  });
});

describe('delivery', () => {
  it('repeats the same body until the answer is 200, each time signed', async () => {
    const statuses = [500, 202, 404];
    const { sandbox, receiver } = await start(
      { envelope: 'nested' },
      (_one, count) => statuses[count - 1] ?? 200,
    );
    sandbox.control.placeOrder();
    await vi.waitFor(() => expect(sandbox.control.deliveries().at(-1)?.status).toBe(200));
    expect(sandbox.control.deliveries().map((one) => [one.attempt, one.status])).toEqual([
      ...[500, 202, 404, 200].map((status, index) => [index + 1, status]),
    ]);
    expect(new Set(receiver.received.map((one) => one.raw.toString())).size).toBe(1);
    for (const { headers, raw } of receiver.received) {
      expect(headers['x-offergrid-signature']).toBe(hmac(raw));
    }
  });

  it('waits longer each time, up to a limit, and gives up in the end', async () => {
    const { sandbox } = await start({ firstRetryMs: 20, maxRetryMs: 80, maxAttempts: 5 }, () => 503);
    sandbox.control.placeOrder();
    await vi.waitFor(() => expect(sandbox.control.deliveries()).toHaveLength(5), 3000);
    const at = sandbox.control.deliveries().map((one) => Date.parse(one.at));
    const waits = at.slice(1).map((time, index) => time - at[index]!);
    [20, 40, 80, 80].forEach((least, index) => expect(waits[index]).toBeGreaterThanOrEqual(least - 2));
    // A second event runs its whole course meanwhile, and the first is not tried again.
    sandbox.control.placeOrder({ itemIds: ['item-2'] });
    const ofSecond = () => sandbox.control.deliveries().filter((one) => one.itemId === 'item-2');
    await vi.waitFor(() => expect(ofSecond()).toHaveLength(5), 3000);
    expect(sandbox.control.deliveries()).toHaveLength(10);
  });

  it('takes silence for a failure, and a receiver that moved is found again', async () => {
    const { sandbox, receiver } = await start({ timeoutMs: 50, firstRetryMs: 200 }, (_one, count) =>
      count === 1 ? null : 200,
    );
    sandbox.control.placeOrder();
    await vi.waitFor(() => expect(sandbox.control.deliveries()[0]?.error).toEqual(expect.any(String)));
    sandbox.control.setWebhook({ url: `${receiver.url}/elsewhere`, secret: 'rotated' });
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2));
    expect(receiver.received[1]!.path).toBe('/elsewhere');
    expect(receiver.received[1]!.headers['x-offergrid-signature']).not.toBe(
      receiver.received[0]!.headers['x-offergrid-signature'],
    );
  });

  it('tries again when nobody listens', async () => {
    const { sandbox, receiver } = await start();
    await receiver.close();
    sandbox.control.placeOrder();
    await vi.waitFor(() => expect(sandbox.control.deliveries().length).toBeGreaterThan(2));
    expect(sandbox.control.deliveries()[0]!.error).toContain('ECONNREFUSED');
  });

  it('stops for good when closed', async () => {
    const { sandbox } = await start({ firstRetryMs: 5 }, () => 500);
    sandbox.control.placeOrder();
    await vi.waitFor(() => expect(sandbox.control.deliveries().length).toBeGreaterThan(1));
    await sandbox.close();
    const before = sandbox.control.deliveries().length;
    // Three retries would be due in this time.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(sandbox.control.deliveries()).toHaveLength(before);
  });

  it('drops what a shuffle still holds when closed', async () => {
    const { sandbox, receiver } = await start({}, () => null);
    sandbox.control.setFaults([{ kind: 'webhook-shuffle', windowMs: 10 }]);
    sandbox.control.placeOrder();
    sandbox.control.placeOrder();
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    await sandbox.close();
    await vi.waitFor(() => expect(sandbox.control.deliveries()[0]?.error).toEqual(expect.any(String)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(sandbox.control.deliveries()).toHaveLength(1);
  });

  it('says nothing of a silent order', async () => {
    const { sandbox, receiver } = await start();
    sandbox.control.placeOrder({ silent: true });
    sandbox.control.placeOrder({ itemIds: ['item-loud'] });
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]!.json['itemId']).toBe('item-loud');
  });
});

describe('misbehaviour', () => {
  const told = async (faults: Fault[], expected: number, seed?: number) => {
    const { sandbox, receiver } = await start();
    sandbox.control.setFaults(faults, seed);
    for (const n of [1, 2, 3, 4]) sandbox.control.placeOrder({ itemIds: [`item-${n}`] });
    await vi.waitFor(() => expect(receiver.received).toHaveLength(expected));
    return { sandbox, ids: receiver.received.map((one) => one.json['itemId']) };
  };

  it('off: drops the event', async () => {
    const { sandbox, ids } = await told([{ kind: 'webhook-off', times: 3 }], 1);
    expect(ids).toEqual(['item-4']);
    sandbox.control.setFaults([{ kind: 'webhook-off', event: 'order.created' }]);
    sandbox.control.placeOrder();
    sandbox.control.cancelAsReseller('item-4');
    await vi.waitFor(() => expect(sandbox.control.deliveries().at(-1)?.event).toBe('order.cancelled'));
    expect(sandbox.control.deliveries()).toHaveLength(2);
  });

  it('duplicate: the same body again', async () => {
    const { sandbox } = await told([{ kind: 'webhook-duplicate', copies: 2, times: 1 }], 6);
    const ofFirst = sandbox.control.deliveries().filter((one) => one.itemId === 'item-1');
    expect(ofFirst).toHaveLength(3);
    expect(new Set(ofFirst.map((one) => one.body)).size).toBe(1);
  });

  it('delay: after the others', async () => {
    const { ids } = await told([{ kind: 'webhook-delay', ms: 150, times: 1 }], 4);
    expect(ids.at(-1)).toBe('item-1');
  });

  it('shuffle: another order, the same for the same seed', async () => {
    const first = await told([{ kind: 'webhook-shuffle', windowMs: 50 }], 4, 7);
    const second = await told([{ kind: 'webhook-shuffle', windowMs: 50 }], 4, 7);
    expect(first.ids).not.toEqual(['item-1', 'item-2', 'item-3', 'item-4']);
    expect([...first.ids].sort()).toEqual(['item-1', 'item-2', 'item-3', 'item-4']);
    expect(second.ids).toEqual(first.ids);
  });
});

describe('events for the reseller', () => {
  it('follow the provider, and leave the provider alone', async () => {
    const { sandbox, receiver } = await start();
    sandbox.control.setWebhook(null);
    sandbox.control.setResellerWebhook({ url: `${receiver.url}/reseller`, secret, signature: 'timestamped' });
    const itemId = sandbox.control.placeOrder().items[0]!.itemId;
    sandbox.control.setStatus(itemId, 'in_progress');
    const body = { status: 'active', providerNotes: 'Live', metadata: { accountNumber: '12345' } };
    const call = caller(sandbox.url, { 'x-api-key': 'pk_p' });
    await call('PATCH', `/provider/orders/${itemId}/status`, { body });
    await vi.waitFor(() => expect(receiver.received).toHaveLength(3));
    const bodies = receiver.received.map((one) => one.json);
    const change = { event: 'order.status_changed', previousStatus: 'in_progress', newStatus: 'active' };
    expect(bodies).toContainEqual(expect.objectContaining({ ...change, providerNotes: 'Live', itemId }));
    expect(bodies).toContainEqual(
      expect.objectContaining({ event: 'order.completed', accountNumber: '12345' }),
    );
  });
});
