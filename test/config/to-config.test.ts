import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../config/config-error.js';
import { readEnv, type RawEnv } from '../../config/read-env.js';
import { loadTemporalConnection } from '../../config/temporal.js';
import { toApiConfig, toCliConfig, toWorkerConfig } from '../../config/to-config.js';
import { createChannels } from '../../integrations/notifications/channels.js';

const DATABASE_URL = 'postgres://app:hunter2@127.0.0.1:5432/offergrid';
const worker = {
  DATABASE_URL,
  OFFERGRID_API_KEY: 'pk_live_x',
  PROVIDER_API_URL: 'https://provider.example.com/api/',
  PROVIDER_API_KEY: 'provider-key',
};
const api = { DATABASE_URL, OFFERGRID_WEBHOOK_SECRET: 'whs' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function problems(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  return [];
}

describe('worker', () => {
  it('needs little and defaults the rest', () => {
    const config = toWorkerConfig(worker);
    expect(config).toMatchObject({
      databaseUrl: DATABASE_URL,
      temporal: { namespace: 'default', connection: { address: 'localhost:7233' } },
      offergrid: {
        baseUrl: 'https://api.offergrid.io',
        apiKey: 'pk_live_x',
        resellerApiKey: undefined,
        callsPerMinute: 100,
        callsPerHour: 10_000,
      },
      provider: { baseUrl: 'https://provider.example.com/api', apiKey: 'provider-key' },
      policy: { timeZone: 'America/Los_Angeles' },
      notifications: { email: undefined, webhook: undefined, slack: undefined, pagerDuty: undefined },
      workerPort: 9464,
      publicUrl: undefined,
      shutdownGrace: 20_000,
      logLevel: 'info',
    });
    expect(config.encryptionKeys).toEqual([]);
  });

  it('takes blanks for not set', () => {
    const blank = { ...worker, WORKER_PORT: '', SMTP_URL: ' ', LOG_LEVEL: '', TEMPORAL_API_KEY: '' };
    expect(toWorkerConfig(blank)).toEqual(toWorkerConfig(worker));
  });

  it('says all that is missing, a line each', () => {
    expect(problems(() => toWorkerConfig({})).map((line) => line.split(':')[0])).toEqual([
      'policy categories.default.availability',
      'DATABASE_URL',
      'OFFERGRID_API_KEY',
    ]);
  });

  it('cannot ask a provider it cannot reach', () => {
    const { DATABASE_URL, OFFERGRID_API_KEY } = worker;
    const alone = (policy: object) => ({
      DATABASE_URL,
      OFFERGRID_API_KEY,
      FULFILLMENT_POLICY: file('alone.json', JSON.stringify(policy)),
    });
    const coverage = { default: { availability: 'coverage' } };
    expect(toWorkerConfig(alone({ categories: coverage })).provider).toBeUndefined();
    const some = { ...coverage, security: { availability: 'provider' } };
    expect(problems(() => toWorkerConfig(alone({ categories: some })))).toEqual([
      expect.stringMatching(/^policy categories\.security\.availability: .*PROVIDER_API_URL/),
    ]);
  });

  it('passes on what is wrong with the policy', () => {
    const FULFILLMENT_POLICY = file('wrong.json', '{"response":{"deadlin":"1h"},"reconcileEvery":"1s"}');
    expect(problems(() => toWorkerConfig({ ...worker, FULFILLMENT_POLICY, LOG_LEVEL: 'loud' }))).toEqual([
      'policy response.deadlin: unknown key',
      'policy reconcileEvery: must be at least 2s',
      'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal',
    ]);
  });

  it.each<[string, RawEnv]>([
    ['DATABASE_URL', { DATABASE_URL: 'mysql://root:hunter2@localhost/x' }],
    ['DATABASE_URL', { DATABASE_URL: 'hunter2' }],
    ['OFFERGRID_API_URL', { OFFERGRID_API_URL: 'http://api.offergrid.io' }],
    ['OFFERGRID_API_URL', { OFFERGRID_API_URL: 'http://localhost.hunter2.com' }],
    ['OFFERGRID_API_URL', { OFFERGRID_API_URL: 'ftp://localhost' }],
    ['OFFERGRID_API_URL', { OFFERGRID_API_URL: 'https://user:hunter2@api.offergrid.io' }],
    ['OFFERGRID_API_KEY', { OFFERGRID_API_KEY: 'hunter2\nx-evil: 1' }],
    ['OFFERGRID_CALLS_PER_MINUTE', { OFFERGRID_CALLS_PER_MINUTE: '0' }],
    ['OFFERGRID_CALLS_PER_HOUR', { OFFERGRID_CALLS_PER_HOUR: '1e3' }],
    ['PROVIDER_API_URL', { PROVIDER_API_URL: 'provider' }],
    ['PROVIDER_API_KEY', { PROVIDER_API_KEY: '' }],
    ['WORKER_PORT', { WORKER_PORT: '65536' }],
    ['WORKER_PORT', { WORKER_PORT: '-1' }],
    ['PUBLIC_URL', { PUBLIC_URL: '/ops' }],
    ['TEMPORAL_UI_URL', { TEMPORAL_UI_URL: 'localhost:8233' }],
    ['SHUTDOWN_GRACE', { SHUTDOWN_GRACE: '20' }],
    ['FULFILLMENT_POLICY', { FULFILLMENT_POLICY: '/nowhere.json' }],
    ['PAYLOAD_ENCRYPTION_KEYS', { PAYLOAD_ENCRYPTION_KEYS: 'hunter2' }],
    ['PAYLOAD_ENCRYPTION_KEYS', { PAYLOAD_ENCRYPTION_KEYS: 'a:hunter2=' }],
    ['PAYLOAD_ENCRYPTION_KEYS', { PAYLOAD_ENCRYPTION_KEYS: `a:${Buffer.alloc(16).toString('base64')}` }],
    ['SMTP_URL', { SMTP_URL: 'http://m', NOTIFY_EMAIL_FROM: 'a@b.c', NOTIFY_EMAIL_TO: 'd@e.f' }],
    ['NOTIFY_EMAIL_FROM', { SMTP_URL: 'smtp://m', NOTIFY_EMAIL_TO: 'd@e.f' }],
    ['NOTIFY_EMAIL_TO', { SMTP_URL: 'smtp://m', NOTIFY_EMAIL_FROM: 'a@b.c' }],
    ['NOTIFY_EMAIL_TO', { SMTP_URL: 'smtp://m', NOTIFY_EMAIL_FROM: 'a@b.c', NOTIFY_EMAIL_TO: 'd@e.f,ops' }],
    ['NOTIFY_WEBHOOK_SECRET', { NOTIFY_WEBHOOK_URL: 'https://x.example.com' }],
    [
      'NOTIFY_WEBHOOK_SECRET',
      { NOTIFY_WEBHOOK_URL: 'https://x.example.com', NOTIFY_WEBHOOK_SECRET: '%hunter2%' },
    ],
    ['SLACK_WEBHOOK_URL', { SLACK_WEBHOOK_URL: 'hunter2' }],
    ['TEMPORAL_*', { TEMPORAL_PROFILE: 'nobody' }],
  ])('names %s and keeps its value to itself (%#)', (name, wrong) => {
    const found = problems(() => toWorkerConfig({ ...worker, ...wrong }));
    expect(found.map((line) => line.split(':')[0])).toEqual([name]);
    expect(found.join('\n')).not.toContain('hunter2');
  });

  it.each(['http://localhost:3000', 'http://127.0.0.1:9', 'http://127.1.2.3', 'http://[::1]:9/base/'])(
    'talks plainly to this machine only (%s)',
    (OFFERGRID_API_URL) => {
      const { baseUrl } = toWorkerConfig({ ...worker, OFFERGRID_API_URL }).offergrid;
      expect(baseUrl).toBe(OFFERGRID_API_URL.replace(/\/$/, ''));
    },
  );

  it('reads encryption keys in order', () => {
    const first = Buffer.alloc(32, 0xff);
    const second = Buffer.alloc(32, 2);
    const written = `k2:${first.toString('base64')}, k1:${second.toString('base64url')}`;
    expect(toWorkerConfig({ ...worker, PAYLOAD_ENCRYPTION_KEYS: written }).encryptionKeys).toEqual([
      { id: 'k2', key: first },
      { id: 'k1', key: second },
    ]);
    const twice = `k:${first.toString('base64')},k:${second.toString('base64')}`;
    expect(problems(() => toWorkerConfig({ ...worker, PAYLOAD_ENCRYPTION_KEYS: twice }))).toEqual([
      'PAYLOAD_ENCRYPTION_KEYS: key 2 repeats the id of another key',
    ]);
  });

  it('reads the channels in the shape that makes them', () => {
    const bytes = Buffer.alloc(26, 0xfb);
    const { notifications } = toWorkerConfig({
      ...worker,
      SMTP_URL: 'smtp://user:hunter2@mail.example.com:587',
      NOTIFY_EMAIL_FROM: 'Offergrid <bot@example.com>',
      NOTIFY_EMAIL_TO: 'a@example.com, Ops <b@example.com>',
      NOTIFY_WEBHOOK_URL: 'https://hooks.example.com/in/',
      NOTIFY_WEBHOOK_SECRET: bytes.toString('base64').replace(/=+$/, ''),
      SLACK_WEBHOOK_URL: 'https://hooks.slack.example.com/T/B/x',
      PAGERDUTY_ROUTING_KEY: 'r'.repeat(32),
    });
    expect(notifications).toEqual({
      email: {
        smtpUrl: 'smtp://user:hunter2@mail.example.com:587',
        from: 'Offergrid <bot@example.com>',
        to: ['a@example.com', 'Ops <b@example.com>'],
      },
      webhook: {
        url: 'https://hooks.example.com/in/',
        secret: `whsec_${bytes.toString('base64')}`,
      },
      slack: { url: 'https://hooks.slack.example.com/T/B/x' },
      pagerDuty: { routingKey: 'r'.repeat(32), eventsUrl: 'https://events.pagerduty.com/v2/enqueue' },
    });
    expect(createChannels(notifications).map(({ name }) => name)).toEqual(['webhook', 'email']);
    const sign = (secret: string) => new Webhook(secret).sign('id', new Date(0), 'body');
    expect(sign(notifications.webhook?.secret ?? '')).toBe(sign(bytes.toString('base64')));
  });
});

describe('api', () => {
  it('needs a database and a webhook secret', () => {
    expect(problems(() => toApiConfig({})).map((line) => line.split(':')[0])).toEqual([
      'OFFERGRID_WEBHOOK_SECRET',
      'DATABASE_URL',
    ]);
    expect(toApiConfig(api)).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      webhookSecrets: ['whs'],
      resellerWebhookSecrets: ['whs'],
      adminApiKey: undefined,
      offergrid: { apiKey: undefined },
    });
  });

  it('knows two secrets while they are rotated, and the reseller side its own', () => {
    const config = toApiConfig({
      ...api,
      OFFERGRID_WEBHOOK_SECRET: 'new, old',
      OFFERGRID_RESELLER_WEBHOOK_SECRET: 'r',
    });
    expect(config).toMatchObject({ webhookSecrets: ['new', 'old'], resellerWebhookSecrets: ['r'] });
    const three = { ...api, OFFERGRID_WEBHOOK_SECRET: 'hunter2,b,c' };
    expect(problems(() => toApiConfig(three))).toEqual([
      'OFFERGRID_WEBHOOK_SECRET: must be one secret, or two separated by a comma',
    ]);
    const none = { ...api, OFFERGRID_WEBHOOK_SECRET: ',' };
    expect(problems(() => toApiConfig(none))).toEqual(['OFFERGRID_WEBHOOK_SECRET: is required']);
  });

  it('wants a long bootstrap key', () => {
    const ADMIN_API_KEY = 'k'.repeat(24);
    expect(toApiConfig({ ...api, ADMIN_API_KEY }).adminApiKey).toBe(ADMIN_API_KEY);
    expect(problems(() => toApiConfig({ ...api, ADMIN_API_KEY: 'k'.repeat(23) }))).toEqual([
      'ADMIN_API_KEY: must have at least 24 characters',
    ]);
  });

  it('checks where to listen', () => {
    expect(toApiConfig({ ...api, HOST: '0.0.0.0', PORT: '0' })).toMatchObject({ host: '0.0.0.0', port: 0 });
    expect(problems(() => toApiConfig({ ...api, PORT: 'http' }))).toEqual([
      'PORT: must be a whole number from 0 to 65535',
    ]);
  });
});

describe('cli', () => {
  it('asks for what the command needs only', () => {
    expect(toCliConfig({}, [])).toMatchObject({ logLevel: 'info' });
    expect(toCliConfig({ DATABASE_URL }, ['databaseUrl']).databaseUrl).toBe(DATABASE_URL);
    expect(toCliConfig({}, ['policy']).policy.reconcileEvery).toBe(300_000);
    expect(problems(() => toCliConfig({}, ['databaseUrl', 'offergrid']))).toEqual([
      'DATABASE_URL: is required',
      'OFFERGRID_API_KEY: is required',
    ]);
  });
});

describe('temporal', () => {
  it('reads what Temporal itself reads', () => {
    const TEMPORAL_CONFIG_FILE = file(
      'temporal.toml',
      '[profile.default]\naddress = "file:7233"\n[profile.cloud]\naddress = "cloud:7233"\nnamespace = "ns.acct"\n',
    );
    expect(loadTemporalConnection({ TEMPORAL_CONFIG_FILE }).connection.address).toBe('file:7233');
    expect(
      loadTemporalConnection({ TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: 'cloud', TEMPORAL_API_KEY: 'k' }),
    ).toMatchObject({
      namespace: 'ns.acct',
      connection: { address: 'cloud:7233', apiKey: 'k', tls: true },
    });
    expect(loadTemporalConnection({ TEMPORAL_ADDRESS: 'env:1', TEMPORAL_CONFIG_FILE })).toMatchObject({
      namespace: 'default',
      connection: { address: 'env:1' },
    });
  });

  it('does not repeat a broken file', () => {
    const TEMPORAL_CONFIG_FILE = file('broken.toml', '[profile.default]\napi_key = "hunter2\n');
    const found = problems(() => loadTemporalConnection({ TEMPORAL_CONFIG_FILE }));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^TEMPORAL_\*: /);
    expect(found[0]).not.toContain('hunter2');
  });
});

describe('environment', () => {
  it('is read as it is and cannot be changed through what was read', () => {
    const source: Record<string, string> = { PORT: '1' };
    const raw = readEnv(source);
    source['PORT'] = '2';
    expect(raw['PORT']).toBe('1');
    expect(readEnv()['PATH']).toBe(process.env['PATH']);
  });
});
