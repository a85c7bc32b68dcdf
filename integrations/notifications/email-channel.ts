import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { emailText } from './email-text.js';
import { ChannelError, type NotificationChannel } from './notification.js';

export interface EmailChannelOptions {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  smtpUrl: string;
  from: string;
  to: string[];
  /** For connecting, and for each silence after that. */
  timeoutMs?: number;
}

const NAME = 'email';

/**
 * Sends plain-text mail. Test orders are left out: they write to no person. The Message-ID comes from the
 * notification's id, so a repeat can be recognised as the same message.
 */
export function createEmailChannel(options: EmailChannelOptions): NotificationChannel {
  const { smtpUrl, from, to, timeoutMs = 10_000 } = options;
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  return {
    name: NAME,
    send: async (notification) => {
      if (notification.data.testOrder === true) return;
      const messageId = messageIdOf(notification.id, from);
      const refused = await transport
        .sendMail({ from, to, messageId, ...emailText(notification) })
        .then((info) => info.rejected.length, rethrow);
      // Trying again would write once more to those who have it.
      if (refused > 0) {
        throw new ChannelError({
          channel: NAME,
          detail: `${refused} of ${to.length} recipients were refused`,
          retryable: false,
        });
      }
    },
  };
}

function messageIdOf(id: string, from: string): string {
  const domain = /@([^\s@>]+)/.exec(from)?.[1] ?? 'localhost';
  return `<${createHash('sha256').update(id).digest('hex').slice(0, 40)}@${domain}>`;
}

/** A server's 4xx, or no server, may pass; its 5xx or a refused login stays until somebody changes the settings. */
function rethrow(cause: unknown): never {
  const { code, responseCode } = cause as { code?: unknown; responseCode?: unknown };
  const answered = typeof responseCode === 'number';
  const name = typeof code === 'string' ? code : 'failed';
  const permanent = answered ? responseCode >= 500 : name === 'EAUTH' || name === 'EENVELOPE';
  const detail = answered ? `${name}, the mail server answered ${responseCode}` : name;
  throw new ChannelError({ channel: NAME, detail, retryable: !permanent, cause });
}
