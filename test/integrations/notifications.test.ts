import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOTIFICATION_TYPES } from '../../domain/notification.js';
import { createChannels } from '../../integrations/notifications/channels.js';
import { createEmailChannel } from '../../integrations/notifications/email-channel.js';
import { emailText } from '../../integrations/notifications/email-text.js';
import { ChannelError, type Notification } from '../../integrations/notifications/notification.js';
import { createWebhookChannel } from '../../integrations/notifications/webhook-channel.js';
import { startMailServer, type MailServer } from './mail-server.js';
import { deadUrl, json, startRecordingServer, type RecordingServer } from './recording-server.js';

const SECRET = Buffer.alloc(32, 7).toString('base64');

const warning: Notification = {
  id: 'item-1:sla.warning:1',
  type: 'sla.warning',
  timestamp: '2025-01-02T22:00:00.000Z',
  data: {
    itemId: 'item-1',
    orderId: 'ord-1',
    stage: 'decision',
    deadline: '2025-01-03T10:00:00.000Z',
    message: 'The order has no answer yet; 12 hours are left.',
    url: 'https://ops.example.com/ops/orders/item-1',
  },
};

async function failure(sent: Promise<void>): Promise<ChannelError> {
  const error: unknown = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ChannelError);
  return error as ChannelError;
}

describe('webhook channel', () => {
  let server: RecordingServer;
  const channel = (timeoutMs = 10_000) =>
    createWebhookChannel({ url: `${server.url}/hook`, secret: SECRET, timeoutMs });

  beforeEach(async () => {
    server = await startRecordingServer();
  });
  afterEach(() => server.close());

  it.each([SECRET, `whsec_${SECRET}`])('posts what a Standard Webhooks receiver verifies', async (secret) => {
    await createWebhookChannel({ url: `${server.url}/hook`, secret }).send(warning);
    const [request] = server.received;
    expect(request).toMatchObject({ method: 'POST', url: '/hook' });
    expect(request?.headers['webhook-id']).toBe(warning.id);
    const verified = new Webhook(SECRET).verify(
      request?.body ?? '',
      request?.headers as Record<string, string>,
    );
    const { type, timestamp, data } = warning;
    expect(verified).toEqual({ type, timestamp, data });
  });

  it('keeps the id on a retry', async () => {
    server.answer = json(500, '');
    await failure(channel().send(warning));
    server.answer = json(202, '');
    await channel().send(warning);
    expect(server.received.map(({ headers }) => headers['webhook-id'])).toEqual([warning.id, warning.id]);
  });

  it.each([
    [302, false],
    [400, false],
    [404, false],
    [410, false],
    [408, true],
    [429, true],
    [500, true],
  ])('%i is a failure, retryable: %s, after one attempt', async (status, retryable) => {
    server.answer = json(status, 'no', { 'retry-after': '9', location: '/elsewhere' });
    expect(await failure(channel().send(warning))).toMatchObject({ retryable, retryAfterMs: 9_000 });
    expect(server.received).toHaveLength(1);
  });

  it('gives up on a silent receiver and on none', async () => {
    server.answer = () => undefined;
    expect(await failure(channel(50).send(warning))).toMatchObject({ retryable: true });
    const dead = createWebhookChannel({ url: await deadUrl(), secret: SECRET });
    expect(await failure(dead.send(warning))).toMatchObject({ retryable: true });
  });
});

describe('email channel', () => {
  let server: MailServer;
  const channel = (to = ['ops@example.com']) =>
    createEmailChannel({ smtpUrl: server.url, from: 'Offergrid <bot@example.com>', to });

  beforeEach(async () => {
    server = await startMailServer();
  });
  afterEach(() => server.close());

  it('tells every recipient what happened, what to do and where to look', async () => {
    await channel(['ops@example.com', 'night@example.com']).send(warning);
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: 'bot@example.com',
      to: ['ops@example.com', 'night@example.com'],
    });
    expect(mail?.raw).toContain('Subject: [Offergrid] Answer due soon: item-1');
    expect(mail?.raw).toContain('The order has no answer yet; 12 hours are left.');
    expect(mail?.raw).toContain('What to do: Accept or reject the order before the deadline.');
    expect(mail?.raw).toContain('2025-01-03 10:00 UTC');
    expect(mail?.raw).toContain('https://ops.example.com/ops/orders/item-1');
  });

  it('has the same Message-ID for the same notification, another for another', async () => {
    await channel().send(warning);
    await channel().send(warning);
    await channel().send({ ...warning, id: 'item-1:sla.breached' });
    const ids = server.mails.map(({ raw }) => /^Message-ID: (.+)$/im.exec(raw)?.[1]?.trim());
    expect(ids[0]).toMatch(/^<[0-9a-f]{40}@example\.com>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('writes to nobody about a test order', async () => {
    await channel().send({ ...warning, data: { ...warning.data, testOrder: true } });
    await channel().send(warning);
    expect(server.mails).toHaveLength(1);
  });

  it.each([
    [550, false],
    [451, true],
  ])('a recipient refused with %i is retryable: %s', async (code, retryable) => {
    server.refuse = () => code;
    expect(await failure(channel().send(warning))).toMatchObject({ retryable });
    expect(server.mails).toEqual([]);
  });

  it('does not write twice to those who have it because another was refused', async () => {
    server.refuse = (address) => (address === 'gone@example.com' ? 451 : undefined);
    const error = await failure(channel(['ops@example.com', 'gone@example.com']).send(warning));
    expect(error).toMatchObject({ retryable: false });
    expect(error.message).toContain('1 of 2 recipients');
    expect(server.mails.map(({ to }) => to)).toEqual([['ops@example.com']]);
  });

  it('tries again later when the server is down, and keeps the password to itself', async () => {
    const { port } = new URL(await deadUrl());
    const smtpUrl = `smtp://user:hunter2@127.0.0.1:${port}`;
    const down = createEmailChannel({ smtpUrl, from: 'bot@example.com', to: ['ops@example.com'] });
    const error = await failure(down.send(warning));
    expect(error.retryable).toBe(true);
    expect(error.message + String(error.cause)).not.toContain('hunter2');
  });

  it('gives up on a server that falls silent', async () => {
    server.refuse = () => 'silence';
    const slow = createEmailChannel({
      smtpUrl: server.url,
      from: 'a@b.c',
      to: ['d@e.f'],
      timeoutMs: 200,
    });
    expect(await failure(slow.send(warning))).toMatchObject({ retryable: true });
  }, 5_000);

  it('gives up on a server that never speaks', async () => {
    const silent = await startRecordingServer();
    try {
      const smtpUrl = silent.url.replace('http', 'smtp');
      const slow = createEmailChannel({ smtpUrl, from: 'a@b.c', to: ['d@e.f'], timeoutMs: 100 });
      expect(await failure(slow.send(warning))).toMatchObject({ retryable: true });
    } finally {
      await silent.close();
    }
  }, 5_000);
});

describe('texts', () => {
  it.each(NOTIFICATION_TYPES)('%s says what to do and leaves out what is not there', (type) => {
    const data = { message: 'Something happened.', url: null };
    const { subject, text } = emailText({ id: 'n', type, timestamp: '2025-01-02T22:00:00Z', data });
    expect(subject).toMatch(/^\[Offergrid\] \S.*[^:\s]$/);
    expect(text).toContain('Something happened.\n\nWhat to do: ');
    expect(text).not.toMatch(/undefined|null|Open it|Order item/);
  });

  it('names the system that is down', () => {
    const data = { integration: 'offergrid', message: 'The key was refused.', url: null };
    const down: Notification = { id: 'n', type: 'integration.down', timestamp: 'x', data };
    expect(emailText(down).subject).toBe('[Offergrid] Connection down: offergrid');
  });
});

describe('channels', () => {
  it('are on when set', () => {
    const webhook = { url: 'https://example.com', secret: SECRET };
    const email = { smtpUrl: 'smtp://127.0.0.1', from: 'a@b.c', to: ['d@e.f'] };
    const names = (settings: Parameters<typeof createChannels>[0]) =>
      createChannels(settings).map(({ name }) => name);
    expect(names({})).toEqual([]);
    expect(names({ webhook })).toEqual(['webhook']);
    expect(names({ webhook, email })).toEqual(['webhook', 'email']);
  });
});
