import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startCrew, type Crew, type CrewOptions } from '../../sandbox/crew/crew.js';
import { startSandboxProvider, type SandboxProvider } from '../../sandbox/provider/sandbox-provider.js';
import { caller } from './calling.js';
import { startReceiver, type Received } from './receiver.js';

let provider: SandboxProvider;
let api: Awaited<ReturnType<typeof startReceiver>>;
let answer: (received: Received, count: number) => number | null;
let crew: Crew | undefined;

beforeEach(async () => {
  answer = () => 202;
  provider = await startSandboxProvider({ apiKey: 'k' });
  api = await startReceiver((received, count) => answer(received, count));
});
afterEach(async () => {
  await crew?.close();
  await provider.close();
  await api.close();
});

const start = (options: Partial<CrewOptions>): Crew =>
  (crew = startCrew({
    apiUrl: api.url,
    apiKey: 'events-key',
    provider,
    pace: 5,
    firstRetryMs: 5,
    ...options,
  }));
const types = () => api.received.map((one) => one.json['type']);

let keys = 0;
async function post(path: string, itemId: string, more: object = {}): Promise<Record<string, unknown>> {
  const body = {
    ...{ itemId, orderId: 'ord-1', customerInfo: {}, serviceAddress: {} },
    ...{ offer: { id: 'off-1', name: 'Fiber', category: 'internet' }, ...more },
  };
  const headers = { authorization: 'Bearer k', 'idempotency-key': `key-${(keys += 1)}` };
  return (await caller(provider.url, headers)('POST', path, { body })).body;
}

describe('scripts', () => {
  it('standard: appointment, start, completion with account data, as contract events', async () => {
    start({});
    const { workOrderId } = await post('/work-orders', 'item/1');
    await vi.waitFor(() => expect(api.received).toHaveLength(3));
    for (const { path, headers, json } of api.received) {
      expect(path).toBe('/v1/orders/item%2F1/events');
      expect(headers['authorization']).toBe('Bearer events-key');
      expect(json).toMatchObject({
        id: expect.stringMatching(/^evt-/) as string,
        data: expect.any(Object) as object,
      });
      expect(json['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    }
    expect(types()).toEqual(['appointment.scheduled', 'installation.started', 'installation.completed']);
    const [scheduled, , completed] = api.received.map((one) => one.json['data'] as Record<string, string>);
    expect(scheduled).toMatchObject({ workOrderId, appointmentWindow: '1-5 PM' });
    expect(Date.parse(scheduled!['scheduledFor']!)).toBeGreaterThan(Date.now());
    expect(completed).toMatchObject({ accountNumber: expect.stringMatching(/^\d{5}$/) as string });
    expect(completed!['activationDate']).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it('is chosen for each work order', async () => {
    start({
      script: ({ notes, itemId }) => {
        if (itemId === 'item-own')
          return [{ type: 'order.cancelled', data: { reason: 'x', requestedBy: 'customer' } }];
        return notes === 'fails' ? 'fail' : notes === 'away' ? 'no-show' : 'silent';
      },
    });
    await post('/work-orders', 'item-fail', { notes: 'fails' });
    await post('/work-orders', 'item-away', { notes: 'away' });
    await post('/work-orders', 'item-still');
    await post('/work-orders', 'item-own');
    await vi.waitFor(() => expect(api.received).toHaveLength(9));
    const of = (itemId: string) =>
      api.received.filter((one) => one.path.includes(`/${itemId}/`)).map((one) => one.json['type']);
    expect(of('item-fail')).toEqual(['appointment.scheduled', 'installation.started', 'installation.failed']);
    expect(of('item-away')).toEqual([
      ...['appointment.scheduled', 'appointment.missed', 'appointment.rescheduled'],
      ...['installation.started', 'installation.completed'],
    ]);
    expect(of('item-own')).toEqual(['order.cancelled']);
    expect(of('item-still')).toEqual([]);
  });

  it('walks on demand', async () => {
    const crew = start({ pace: 'on-demand' });
    await post('/work-orders', 'item-1');
    expect(api.received).toHaveLength(0);
    expect(await crew.advance('item-1')).toMatchObject({ type: 'appointment.scheduled', status: 202 });
    expect(types()).toEqual(['appointment.scheduled']);
    await crew.advance('item-1');
    await crew.advance('item-1');
    expect(await crew.advance('item-1')).toBeUndefined();
    expect(await crew.advance('item-nobody')).toBeUndefined();
    await crew.send('item-9', { id: 'evt-own', type: 'service.activated', data: { note: 'n' } });
    expect(api.received.at(-1)?.json).toMatchObject({
      id: 'evt-own',
      type: 'service.activated',
      data: { note: 'n' },
    });
    expect(crew.sent().map((one) => one.itemId)).toEqual(['item-1', 'item-1', 'item-1', 'item-9']);
  });

  it('ends when the work order is cancelled', async () => {
    const crew = start({ pace: 'on-demand' });
    const { workOrderId } = await post('/work-orders', 'item-1');
    await crew.advance('item-1');
    await post(`/work-orders/${String(workOrderId)}/cancel`, 'item-1', { reason: 'Moved' });
    expect(await crew.advance('item-1')).toBeUndefined();
    expect(api.received).toHaveLength(1);
  });

  it('ends when the product refuses an event', async () => {
    answer = () => 409;
    const crew = start({ pace: 'on-demand' });
    await post('/work-orders', 'item-1');
    expect(await crew.advance('item-1')).toMatchObject({ status: 409, attempts: 1, result: 'answered' });
    expect(await crew.advance('item-1')).toBeUndefined();
  });

  it('reports activations that were answered 202, and no others', async () => {
    start({});
    const insurance = { offer: { id: 'o', name: 'Renters', category: 'insurance' } };
    await post('/activations', 'item-now', insurance);
    provider.control.setActivation('later');
    await post('/activations', 'item-later', insurance);
    await vi.waitFor(() => expect(api.received).toHaveLength(1));
    expect(api.received[0]!.path).toContain('item-later');
    expect(api.received[0]!.json).toMatchObject({
      type: 'service.activated',
      data: { policyNumber: expect.stringMatching(/^POL-/) as string },
    });
  });
});

describe('sending', () => {
  it('repeats on 5xx, 429 and broken connections, with the same id and body', async () => {
    const statuses = [500, 429, 503];
    answer = (_one, count) => statuses[count - 1] ?? 200;
    const crew = start({ maxAttempts: 5 });
    const sent = await crew.send('item-1', { type: 'installation.started', data: {} });
    expect(sent).toMatchObject({ attempts: 4, status: 200, result: 'answered' });
    expect(new Set(api.received.map((one) => one.raw.toString())).size).toBe(1);
    await api.close();
    const lost = await crew.send('item-1', { type: 'installation.started', data: {} });
    expect(lost).toMatchObject({ attempts: 5, status: null, result: 'gave-up' });
  });

  it('goes home at once when closed', async () => {
    answer = () => null;
    const worked: string[] = [];
    const crew = start({
      script: ({ itemId }) => {
        worked.push(itemId);
        return 'silent';
      },
    });
    await post('/work-orders', 'item-1');
    const sending = crew.send('item-1', { type: 'installation.started', data: {} });
    await vi.waitFor(() => expect(api.received).toHaveLength(1));
    await crew.close();
    expect(await sending).toMatchObject({ result: 'closed', status: null });
    await post('/work-orders', 'item-2');
    expect(worked).toEqual(['item-1']);
    expect(api.received).toHaveLength(1);
  });
});
