import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMailServer, type Mail, type MailServer } from '../integrations/mail-server.js';
import { startRecordingServer, type RecordingServer } from '../integrations/recording-server.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { placeAs, placeOrder, type PlacedItem } from './placed-item.js';

const SECRET = Buffer.from('a secret for this file alone').toString('base64');
const UNCLEAR = { serviceAddress: { street: '9 Unclear Road' } };

let mail: MailServer;
/** Where the notifications go: unlike the sandbox's own it also remembers what it refused. */
let sink: RecordingServer;
let system: TestSystem;
beforeAll(async () => {
  [mail, sink] = await Promise.all([startMailServer(), startRecordingServer()]);
  system = await startTestSystem({
    policy: { response: { deadline: '14s', warnBefore: ['6s'] }, acknowledgeAfter: null },
    env: {
      SMTP_URL: mail.url,
      NOTIFY_EMAIL_FROM: 'orders@provider.example',
      NOTIFY_EMAIL_TO: 'desk@provider.example',
      NOTIFY_WEBHOOK_URL: sink.url,
      NOTIFY_WEBHOOK_SECRET: SECRET,
    },
  });
});
afterAll(async () => {
  await system?.stop();
  await Promise.all([sink?.close(), mail?.close()]);
});

interface Notice {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** Every attempt at the webhook about an item, refused ones too; each with a signature that is right. */
function attempts(item: PlacedItem): Notice[] {
  const notices = sink.received.map(({ headers, body }) => {
    new Webhook(SECRET).verify(body, headers as Record<string, string>);
    return { id: String(headers['webhook-id']), ...(JSON.parse(body) as Omit<Notice, 'id'>) };
  });
  return notices.filter(({ data }) => data['itemId'] === item.itemId);
}

const types = (item: PlacedItem) => attempts(item).map(({ type }) => type);
const mails = (item: PlacedItem): Mail[] => mail.mails.filter(({ raw }) => raw.includes(item.itemId));
/** A mail may be among those that the silent server leaves: it comes when the client's 10 s are over. */
const MAILED = { within: 30_000 };
/** By subject: folded header lines are put together again. */
const mailsSaying = (item: PlacedItem, subject: string) =>
  mails(item).filter(({ raw }) => raw.replaceAll('\r\n ', ' ').includes(`Subject: [Offergrid] ${subject}`));

test.concurrent(
  'not answered: one warning and one breach, by webhook and by e-mail; answered in time: none',
  async () => {
    const unanswered = await placeOrder(system, UNCLEAR);
    const answered = await placeOrder(system, UNCLEAR);
    await Promise.all([unanswered, answered].map((item) => item.needs('availability_unknown')));
    await answered.commanded('approve');
    await answered.shows({ offergridStatus: 'accepted' });

    await eventually('the warning', () => types(unanswered).includes('sla.warning'));
    const atRisk = await unanswered.shown();
    expect(['at_risk', 'breached']).toContain(atRisk.sla?.state);
    // A later order's breach shows that both had their time.
    const later = await placeOrder(system, UNCLEAR);
    await eventually('the breach', () => types(unanswered).includes('sla.breached'));
    const breached = await unanswered.needs('sla_breached');
    expect(breached).toMatchObject({ sla: { state: 'breached' }, offergridStatus: 'pending' });
    await eventually('the breach of the later one', () => types(later).includes('sla.breached'));

    expect(types(unanswered)).toEqual(['order.attention', 'sla.warning', 'sla.breached']);
    expect(types(answered)).toEqual(['order.attention', 'order.accepted']);
    expect((await answered.shown()).sla?.state).toBe('met');
    await eventually('the mails', () => mails(unanswered).length === 3, MAILED);
    expect(mailsSaying(unanswered, 'DEADLINE MISSED')).toHaveLength(1);
    expect(mailsSaying(unanswered, 'Answer due soon')).toHaveLength(1);
    const [breach] = mailsSaying(unanswered, 'DEADLINE MISSED');
    expect(breach).toMatchObject({ from: 'orders@provider.example', to: ['desk@provider.example'] });
    for (const { raw } of mails(unanswered)) expect(raw).not.toMatch(/John|Doe|123-4567|Unclear Road/);
    const notice = attempts(unanswered).find(({ type }) => type === 'sla.breached');
    expect(notice?.data).toMatchObject({ orderId: unanswered.orderId, deadline: breached.sla?.deadline });

    await unanswered.commanded('reject', { reason: 'No crew this month.' });
    expect((await unanswered.ends('rejected')).sla?.state).toBe('met_late');
  },
);

test.concurrent('heard of after the deadline: the breach alone, once', async () => {
  const createdAt = new Date(Date.now() - 3_600_000).toISOString();
  const item = placeAs(system, `item-${randomUUID()}`, { ...UNCLEAR, createdAt });
  await eventually('the breach', () => types(item).includes('sla.breached'));
  await item.shows({ waitingFor: 'a person' });
  await item.commanded('approve');
  await item.shows({ offergridStatus: 'accepted' });
  await eventually('the acceptance', () => types(item).includes('order.accepted'));
  expect(types(item).filter((type) => type.startsWith('sla.'))).toEqual(['sla.breached']);
});

test.concurrent(
  'the webhook is down: the order goes on, and each notification arrives, under the id it had',
  async () => {
    const item = placeAs(system, `item-${randomUUID()}`);
    let down = true;
    sink.answer = (request, response) =>
      response.writeHead(down && request.body.includes(item.itemId) ? 503 : 204).end();
    await item.hasWorkOrder();
    await item.reported('installation.completed', { accountNumber: '12345' });
    await item.ends('active');
    const moves = ['order.accepted', 'order.scheduled', 'order.started', 'order.active'];
    await eventually('each to be refused', () => moves.every((type) => types(item).includes(type)));
    const refused = new Map(attempts(item).map(({ id, type }) => [id, type]));
    expect([...refused.values()].sort()).toEqual([...moves].sort());
    // Nor does it hold up the other channel.
    await eventually('the mails', () => mails(item).length === moves.length, MAILED);

    const before = attempts(item).length;
    down = false;
    await eventually('all of them again', () => {
      const again = attempts(item).slice(before);
      return moves.every((type) => again.some((one) => one.type === type));
    });
    expect(new Map(attempts(item).map(({ id, type }) => [id, type]))).toEqual(refused);
    expect(mails(item)).toHaveLength(moves.length);
  },
);

test.concurrent(
  'the mail server is silent: the webhook does not wait for it, and the mail comes later',
  async () => {
    let left = 0;
    mail.refuse = () => {
      left += 1;
      return 'silence';
    };
    const item = await placeOrder(system, { serviceAddress: { street: '1 Nowhere Lane' } });
    await item.ends('rejected');
    await eventually('the webhook', () => types(item).includes('order.rejected'));
    await eventually('the mail to be left without an answer', () => left > 0);
    expect(mails(item)).toEqual([]);
    mail.refuse = () => undefined;
    await eventually('the mail', () => mailsSaying(item, 'Order rejected').length === 1, MAILED);
    expect(types(item)).toEqual(['order.rejected']);
  },
);
