import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { DataConverter } from '@temporalio/common';
import proto from '@temporalio/proto';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const ENCODING = 'encoding';
const ENCRYPTED = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface EncryptionKey {
  id: string;
  /** 32 bytes. */
  key: Buffer;
}

/**
 * What Temporal keeps of arguments, results and signals, encrypted where keys are set: the first encrypts, all decrypt.
 * Undefined without keys. Search attributes, summaries and failure messages stay readable, and hold no customer data.
 */
export function encryptingConverter(keys: readonly EncryptionKey[]): DataConverter | undefined {
  const [first] = keys;
  return first === undefined ? undefined : { payloadCodecs: [createPayloadCodec(first, keys)] };
}

function createPayloadCodec(first: EncryptionKey, keys: readonly EncryptionKey[]): PayloadCodec {
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    encode: (payloads) => Promise.resolve(payloads.map((payload) => encrypted(payload, first))),
    decode: (payloads) => Promise.resolve(payloads.map((payload) => decrypted(payload, byId))),
  };
}

function encrypted(payload: Payload, { id, key }: EncryptionKey): Payload {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(id));
  const text = Buffer.concat([cipher.update(PayloadMessage.encode(payload).finish()), cipher.final()]);
  return {
    metadata: { [ENCODING]: Buffer.from(ENCRYPTED), [KEY_ID]: Buffer.from(id) },
    data: Buffer.concat([iv, cipher.getAuthTag(), text]),
  };
}

/** Payloads from before keys were set are left as they are. @throws Error for an unknown key or tampered data */
function decrypted(payload: Payload, keys: ReadonlyMap<string, Buffer>): Payload {
  if (text(payload.metadata?.[ENCODING]) !== ENCRYPTED) return payload;
  const id = text(payload.metadata?.[KEY_ID]);
  const key = keys.get(id);
  if (key === undefined)
    throw new Error(`PAYLOAD_ENCRYPTION_KEYS has no key ${id}, which this was encrypted with`);
  const data = Buffer.from(payload.data ?? []);
  const decipher = createDecipheriv(CIPHER, key, data.subarray(0, IV_BYTES))
    .setAAD(Buffer.from(id))
    .setAuthTag(data.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plain = Buffer.concat([decipher.update(data.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  return PayloadMessage.decode(plain);
}

function text(bytes: Uint8Array | null | undefined): string {
  return bytes == null ? '' : Buffer.from(bytes).toString('utf8');
}
