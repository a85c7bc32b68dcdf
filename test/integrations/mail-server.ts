import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  from: string;
  to: string[];
  /** As sent, headers and all. */
  raw: string;
}

export interface MailServer {
  url: string;
  mails: Mail[];
  /** Set to refuse: the SMTP code for a recipient, `silence`, or undefined to take it. */
  refuse: (address: string) => number | 'silence' | undefined;
  close(): Promise<void>;
}

/** A real SMTP server on a free port that keeps what it is sent. */
export async function startMailServer(): Promise<MailServer> {
  const mails: Mail[] = [];
  const running: MailServer = {
    url: '',
    mails,
    refuse: () => undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    closeTimeout: 200,
    onRcptTo: ({ address }, _session, done) => {
      const responseCode = running.refuse(address);
      if (responseCode === 'silence') return;
      if (responseCode === undefined) done();
      else done(Object.assign(new Error('not here'), { responseCode }));
    },
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        mails.push({ from, to, raw: Buffer.concat(chunks).toString('utf8') });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  running.url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  return running;
}
