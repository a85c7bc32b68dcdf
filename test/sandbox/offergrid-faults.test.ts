import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Fault } from '../../sandbox/offergrid/faults.js';
import { startSandboxOffergrid, type SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import { caller } from './calling.js';

let sandbox: SandboxOffergrid;
let call: ReturnType<typeof caller>;
let itemId: string;

beforeEach(async () => {
  sandbox = await startSandboxOffergrid({ providerKey: 'pk_p', resellerKey: 'pk_r', callsPerMinute: 1000 });
  call = caller(sandbox.url, { 'x-api-key': 'pk_p' });
  itemId = sandbox.control.placeOrder().items[0]!.itemId;
});
afterEach(() => sandbox.close());

const accept = () => call('PATCH', `/provider/orders/${itemId}/status`, { body: { status: 'accepted' } });
const last = () => sandbox.control.calls().at(-1);

describe('kinds', () => {
  it('error: answers as told, without handling', async () => {
    const fault: Fault = {
      kind: 'error',
      status: 503,
      body: { oops: true },
      headers: { 'retry-after': '7' },
    };
    sandbox.control.setFaults([fault]);
    const answer = await accept();
    expect([answer.status, answer.headers.get('retry-after'), answer.body]).toEqual([
      503,
      '7',
      { oops: true },
    ]);
    expect(last()).toMatchObject({
      status: 503,
      applied: false,
      faults: ['error'],
      body: { status: 'accepted' },
    });
    expect(sandbox.control.path(itemId)).toEqual(['pending']);
    sandbox.control.setFaults([{ kind: 'error', status: 502, body: '<html>Bad gateway</html>' }]);
    expect((await accept()).body).toBe('<html>Bad gateway</html>');
    sandbox.control.clearFaults();
    expect((await accept()).status).toBe(200);
  });

  it('delay: handles later', async () => {
    sandbox.control.setFaults([{ kind: 'delay', ms: 120 }]);
    const answered = accept();
    await vi.waitFor(() => expect(last()?.faults).toEqual(['delay']));
    expect(sandbox.control.path(itemId)).toEqual(['pending']);
    expect((await answered).status).toBe(200);
    expect(sandbox.control.path(itemId)).toEqual(['pending', 'accepted']);
  });

  it('delay: holds up as many calls as come', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    sandbox.control.setFaults([{ kind: 'delay', ms: 120 }]);
    await Promise.all(Array.from({ length: 12 }, () => call('GET', '/provider/orders')));
    expect(warned).not.toHaveBeenCalled();
  });

  it('delay: handles even when the caller has hung up', async () => {
    sandbox.control.setFaults([{ kind: 'delay', ms: 120 }]);
    const hangUp = new AbortController();
    const impatient = fetch(`${sandbox.url}/provider/orders/${itemId}/status`, {
      method: 'PATCH',
      headers: { 'x-api-key': 'pk_p' },
      body: '{"status":"accepted"}',
      signal: hangUp.signal,
    });
    // Not by the clock: on a busy machine the call would be given up before it was made.
    const refused = expect(impatient).rejects.toThrow();
    await vi.waitFor(() => expect(last()?.faults).toEqual(['delay']));
    hangUp.abort();
    await refused;
    await vi.waitFor(() => expect(sandbox.control.path(itemId)).toEqual(['pending', 'accepted']));
    expect(last()).toMatchObject({ applied: true, status: null });
  });

  it('drop-reply: applies, then destroys the socket', async () => {
    sandbox.control.setFaults([{ kind: 'drop-reply', times: 1 }]);
    await expect(accept()).rejects.toThrow('fetch failed');
    expect(sandbox.control.path(itemId)).toEqual(['pending', 'accepted']);
    expect(last()).toMatchObject({ applied: true, status: null, faults: ['drop-reply'] });
    expect((await accept()).status).toBe(409);
  });

  it('reset: destroys the socket with nothing applied or counted', async () => {
    sandbox.control.setFaults([{ kind: 'reset', times: 1 }]);
    await expect(accept()).rejects.toThrow('fetch failed');
    expect(sandbox.control.path(itemId)).toEqual(['pending']);
    expect(last()).toMatchObject({ applied: false, status: null, faults: ['reset'] });
    expect((await accept()).headers.get('x-ratelimit-remaining')).toBe('999');
  });

  it('hang: neither handles nor answers, and does not keep the sandbox from closing', async () => {
    sandbox.control.setFaults([{ kind: 'hang' }]);
    const hanging = accept().then(
      () => 'answered',
      (error: Error) => error.message,
    );
    await vi.waitFor(() => expect(last()?.faults).toEqual(['hang']));
    await sandbox.close();
    expect(await hanging).toBe('fetch failed');
    expect(sandbox.control.path(itemId)).toEqual(['pending']);
  });

  it('lets a delay add to what comes next', async () => {
    sandbox.control.setFaults([
      { kind: 'delay', ms: 10 },
      { kind: 'error', status: 500 },
    ]);
    expect((await accept()).status).toBe(500);
    expect(last()?.faults).toEqual(['delay', 'error']);
  });
});

describe('matching', () => {
  const read = async (path: string) => (await call('GET', path)).status;

  it('goes by method and path pattern', async () => {
    sandbox.control.setFaults([{ kind: 'error', status: 500, method: 'PATCH' }]);
    expect([await read(`/provider/orders/${itemId}`), (await accept()).status]).toEqual([200, 500]);
    sandbox.control.setFaults([{ kind: 'error', status: 500, path: '/provider/orders/{itemId}' }]);
    expect(await read(`/provider/orders/${itemId}`)).toBe(500);
    expect([await read('/provider/orders?status=pending'), (await accept()).status]).toEqual([200, 200]);
    sandbox.control.setFaults([{ kind: 'error', status: 500, path: '/provider/**' }]);
    expect([await read('/provider/orders'), (await accept()).status, await read('/health')]).toEqual([
      500, 500, 200,
    ]);
    sandbox.control.setFaults([{ kind: 'error', status: 500, path: '/provider/orders' }]);
    expect([await read('/provider/orders'), await read(`/provider/orders/${itemId}`)]).toEqual([500, 200]);
  });

  it('goes by fields of the body', async () => {
    sandbox.control.setFaults([{ kind: 'error', status: 500, whenBody: { status: 'scheduled' } }]);
    expect((await accept()).status).toBe(200);
    const body = { status: 'scheduled', scheduledFor: '2025-01-15T21:00:00Z' };
    expect((await call('PATCH', `/provider/orders/${itemId}/status`, { body })).status).toBe(500);
  });

  it('strikes so many times, one fault after the other', async () => {
    sandbox.control.setFaults([
      { kind: 'error', status: 500, times: 2 },
      { kind: 'error', status: 429, times: 1 },
    ]);
    const statuses = [
      await read('/health'),
      await read('/health'),
      await read('/health'),
      await read('/health'),
    ];
    expect(statuses).toEqual([500, 500, 429, 200]);
  });

  it('strikes by chance, and the same way for the same seed', async () => {
    const run = async (seed: number) => {
      sandbox.control.setFaults([{ kind: 'error', status: 500, probability: 0.5 }], seed);
      const statuses: number[] = [];
      for (let i = 0; i < 24; i += 1) statuses.push(await read('/health'));
      return statuses;
    };
    const first = await run(3);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run(3)).toEqual(first);
    expect(await run(4)).not.toEqual(first);
  });
});
