import type { SettingsReader } from './settings-reader.js';

export interface EncryptionKey {
  id: string;
  /** 32 bytes. */
  key: Buffer;
}

const KEY_BYTES = 32;

/** `PAYLOAD_ENCRYPTION_KEYS`, `id:base64key[,id:base64key]`: the first encrypts, all decrypt; empty: not encrypted. */
export function encryptionKeys(reader: SettingsReader): EncryptionKey[] {
  const name = 'PAYLOAD_ENCRYPTION_KEYS';
  const keys: EncryptionKey[] = [];
  reader.list(name).forEach((entry, index) => {
    // Entries are named by position: what stands before the colon may be the key itself by mistake.
    const fault = (what: string) => reader.problem(name, `key ${index + 1} ${what}`);
    const colon = entry.indexOf(':');
    const id = entry.slice(0, Math.max(0, colon));
    const key = decodeBase64(entry.slice(colon + 1));
    if (!/^[\w.-]{1,64}$/.test(id))
      fault('must be written id:base64key (id: letters, digits, "_", "." and "-")');
    else if (key === undefined) fault('is not base64');
    else if (key.length !== KEY_BYTES) fault(`must be ${KEY_BYTES} bytes long`);
    else if (keys.some((other) => other.id === id)) fault('repeats the id of another key');
    else keys.push({ id, key });
  });
  return keys;
}

/** The one secret in use, or two while it is rotated. */
export function webhookSecrets(reader: SettingsReader, name: string): string[] {
  const secrets = reader.list(name);
  if (secrets.length > 2) reader.problem(name, 'must be one secret, or two separated by a comma');
  return secrets;
}

/** A Standard Webhooks secret in its full form, `whsec_` and padded base64, however it was written. */
export function standardWebhookSecret(reader: SettingsReader, name: string, why: string): string {
  const written = reader.required(name, why);
  if (written === '') return '';
  const bytes = decodeBase64(written.replace(/^whsec_/, ''));
  if (bytes === undefined) reader.problem(name, 'must be base64, with or without whsec_');
  return `whsec_${bytes?.toString('base64') ?? ''}`;
}

/** Standard or URL-safe base64, padded or not; undefined for anything else, and for nothing at all. */
function decodeBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
  const bare = text.replace(/=+$/, '');
  if (bare.length % 4 === 1 || (text.length !== bare.length && text.length % 4 !== 0)) return undefined;
  return Buffer.from(bare, 'base64');
}
