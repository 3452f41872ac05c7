/**
 * Secrets in links, which are capabilities. They are stored as hashes, to find them; those that must be sent
 * again are also stored encrypted ("sealed"). None is stored in plain text.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Random } from '../lib/world.ts';

/** 192 bits: 32 characters of base64url without padding. */
const SECRET_BYTES = 24;
export const SECRET = /^[A-Za-z0-9_-]{32}$/;

const SEAL_VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function newSecret(random: Random): string {
  return Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
}

/** SHA-256, hex. Secrets of 192 bits cannot be guessed: they need no salt and no slow hash. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares in constant time. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * Encrypts with AES-256-GCM under the installation's key (32 bytes). `owner` is the id of the row that the secret
 * belongs to and is authenticated: a sealed secret that was copied to another row cannot be decrypted. Returns
 * base64url of version (1 byte), nonce (12), tag (16) and ciphertext.
 */
export function seal(secret: string, key: Uint8Array, owner: string, random: Random): string {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  const parts = [Buffer.of(SEAL_VERSION), nonce, cipher.getAuthTag(), sealed];
  return Buffer.concat(parts).toString('base64url');
}

/** null = sealed under another key or for another owner, or damaged. */
export function unseal(sealed: string, key: Uint8Array, owner: string): string | null {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes[0] !== SEAL_VERSION) return null;
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const tag = bytes.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(owner)).setAuthTag(tag);
  try {
    const text = decipher.update(bytes.subarray(1 + NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/**
 * The secret of an order's page: HMAC-SHA256 of the order's id, so that mails can contain the link
 * although only its hash is stored.
 */
export function orderSecret(orderId: string, key: Uint8Array): string {
  const mac = createHmac('sha256', key).update(`order page ${orderId}`).digest();
  return mac.subarray(0, SECRET_BYTES).toString('base64url');
}
