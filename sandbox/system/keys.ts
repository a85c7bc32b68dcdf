import { randomBytes } from 'node:crypto';

/** Every secret of one system; made anew for each, so that none is worth keeping. */
export interface SystemKeys {
  provider: string;
  reseller: string;
  providerSystems: string;
  webhookSecret: string;
  admin: string;
  /** Base64, as Standard Webhooks wants it. */
  notifySecret: string;
}

export function makeKeys(): SystemKeys {
  const key = (prefix: string) => `${prefix}_${randomBytes(18).toString('hex')}`;
  return {
    provider: key('provider'),
    reseller: key('reseller'),
    providerSystems: key('systems'),
    webhookSecret: key('webhook'),
    admin: key('admin'),
    notifySecret: randomBytes(24).toString('base64'),
  };
}
