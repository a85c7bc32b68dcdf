import { afterEach, describe, expect, it } from 'vitest';
import { RateWindow } from '../../sandbox/offergrid/rate-window.js';
import { startSandboxOffergrid, type SandboxOffergrid } from '../../sandbox/offergrid/sandbox-offergrid.js';
import { caller } from './calling.js';

let sandbox: SandboxOffergrid;

const start = async (limits: Partial<Parameters<typeof startSandboxOffergrid>[0]>) => {
  sandbox = await startSandboxOffergrid({ providerKey: 'pk_p', resellerKey: 'pk_r', ...limits });
  return caller(sandbox.url, { 'x-api-key': 'pk_p' });
};
const passed = () => sandbox.control.calls().filter((one) => one.role === 'provider' && one.status === 200);

describe('limits over HTTP', () => {
  afterEach(() => sandbox.close());

  it('lets a whole burst through and refuses the next with body and headers', async () => {
    const call = await start({ callsPerMinute: 3 });
    for (const remaining of ['2', '1', '0']) {
      const answer = await call('GET', '/provider/orders');
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-ratelimit-limit')).toBe('3');
      expect(answer.headers.get('x-ratelimit-remaining')).toBe(remaining);
    }
    const refused = await call<{ retryAfter: number }>('GET', '/provider/orders');
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ statusCode: 429, error: 'Too Many Requests' });
    expect(refused.body.retryAfter).toBeGreaterThan(50);
    expect(refused.body.retryAfter).toBeLessThanOrEqual(60);
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    const oldest = Date.parse(passed()[0]!.at);
    const reset = Number(refused.headers.get('x-ratelimit-reset')) * 1000;
    expect(reset).toBeGreaterThanOrEqual(oldest + 60_000);
    expect(reset).toBeLessThan(oldest + 62_000);
  });

  it('counts each team key alone, and neither unknown keys nor other routes', async () => {
    const call = await start({ callsPerMinute: 2 });
    const stranger = caller(sandbox.url, { 'x-api-key': 'pk_x' });
    for (let i = 0; i < 3; i += 1) {
      expect((await stranger('GET', '/provider/orders')).status).toBe(401);
      expect((await call('GET', '/health')).status).toBe(200);
      expect((await call('GET', '/control/items')).status).toBe(200);
    }
    expect((await call('GET', '/provider/orders')).status).toBe(200);
    expect((await call('GET', '/provider/orders')).status).toBe(200);
    expect((await call('GET', '/provider/orders')).status).toBe(429);
    const reseller = caller(sandbox.url, { 'x-api-key': 'pk_r' });
    expect((await reseller('GET', '/reseller/orders')).status).toBe(200);
  });

  it('slides: hammering gets through at the allowed rate and no faster', async () => {
    const windowMs = 300;
    const call = await start({ callsPerMinute: 4, minuteWindowMs: windowMs });
    while (passed().length < 13) await call('GET', '/provider/orders');
    const times = passed().map((one) => Date.parse(one.at));
    // The log notes the arrival and the window the moment after: a few ms of slack.
    times.slice(4).forEach((at, index) => expect(at - times[index]!).toBeGreaterThanOrEqual(windowMs - 10));
    expect(sandbox.control.calls().some((one) => one.status === 429)).toBe(true);
  });

  it('holds the hour as well', async () => {
    const call = await start({ callsPerMinute: 2, minuteWindowMs: 20, callsPerHour: 5 });
    const deadline = Date.now() + 5000;
    while (passed().length < 5 && Date.now() < deadline) await call('GET', '/provider/orders');
    expect(passed()).toHaveLength(5);
    await expect
      .poll(async () => (await call<{ retryAfter: number }>('GET', '/provider/orders')).body.retryAfter)
      .toBeGreaterThan(3500);
    expect(passed()).toHaveLength(5);
  });

  it('refuses before anything is changed', async () => {
    const call = await start({ callsPerMinute: 1 });
    await call('GET', '/provider/orders');
    const itemId = sandbox.control.placeOrder().items[0]!.itemId;
    const body = { status: 'accepted' };
    expect((await call('PATCH', `/provider/orders/${itemId}/status`, { body })).status).toBe(429);
    expect(sandbox.control.path(itemId)).toEqual(['pending']);
    expect(sandbox.control.calls().at(-1)).toMatchObject({ status: 429, applied: false });
  });
});

describe('the window itself', () => {
  it('never lets more than its calls into any stretch, whatever the alignment', () => {
    const window = new RateWindow([{ calls: 100, ms: 60_000 }]);
    const takenAt: number[] = [];
    for (let now = 59_000; now < 310_000; now += 37) if (window.take(now).allowed) takenAt.push(now);
    takenAt.slice(100).forEach((at, index) => expect(at - takenAt[index]!).toBeGreaterThanOrEqual(60_000));
    expect(takenAt).toHaveLength(500);
  });

  it('does not count what it refused', () => {
    const window = new RateWindow([{ calls: 1, ms: 1000 }]);
    expect(window.take(0).allowed).toBe(true);
    expect(window.take(999)).toMatchObject({ allowed: false, retryAfter: 1, remaining: 0 });
    expect(window.take(1000).allowed).toBe(true);
  });
});
