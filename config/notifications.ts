import { standardWebhookSecret } from './secrets.js';
import type { SettingsReader } from './settings-reader.js';
import type { EmailSettings, NotificationSettings } from './settings.js';

const PAGERDUTY_EVENTS_URL = 'https://events.pagerduty.com/v2/enqueue';

/** The channels that are on; half a channel is a problem. */
export function notificationSettings(reader: SettingsReader): NotificationSettings {
  const webhookUrl = reader.url('NOTIFY_WEBHOOK_URL');
  const slackUrl = reader.url('SLACK_WEBHOOK_URL');
  const routingKey = reader.text('PAGERDUTY_ROUTING_KEY');
  const eventsUrl = reader.url('PAGERDUTY_EVENTS_URL') ?? PAGERDUTY_EVENTS_URL;
  return {
    email: emailSettings(reader),
    webhook:
      webhookUrl === undefined
        ? undefined
        : {
            url: reader.text('NOTIFY_WEBHOOK_URL') ?? webhookUrl,
            secret: standardWebhookSecret(
              reader,
              'NOTIFY_WEBHOOK_SECRET',
              'is required with NOTIFY_WEBHOOK_URL',
            ),
          },
    slack: slackUrl === undefined ? undefined : { url: slackUrl },
    pagerDuty: routingKey === undefined ? undefined : { routingKey, eventsUrl },
  };
}

function emailSettings(reader: SettingsReader): EmailSettings | undefined {
  if (reader.text('SMTP_URL') === undefined) return undefined;
  reader.url('SMTP_URL', { protocols: ['smtp:', 'smtps:'] });
  const from = reader.required('NOTIFY_EMAIL_FROM', 'is required with SMTP_URL');
  reader.required('NOTIFY_EMAIL_TO', 'is required with SMTP_URL');
  const to = reader.list('NOTIFY_EMAIL_TO');
  for (const [name, addresses] of [
    ['NOTIFY_EMAIL_FROM', from === '' ? [] : [from]],
    ['NOTIFY_EMAIL_TO', to],
  ] as const) {
    if (!addresses.every((address) => /^[^@]+@[^@\s]+$/.test(address))) {
      reader.problem(name, 'must be an e-mail address');
    }
  }
  return { smtpUrl: reader.text('SMTP_URL') ?? '', from, to };
}
