/**
 * The credential of a socket: a ticket (one minute, from the join call) or a resume pass (12 hours,
 * from the welcome). Both have the same format and are verified without a database: claims as JSON and
 * their HMAC-SHA256, each in base64url, joined by a dot. The key id allows keys to be rotated.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';

export const TICKET_MS = 60_000;
export const PASS_MS = 12 * 3_600_000;
const PASS_LENGTH_MAX = 1_024;

const claimsSchema = z.strictObject({
  /** Key id. */
  k: z.string().min(1).max(16),
  room: z.string().min(1).max(64),
  /** 0 for observers. */
  seat: z.int().min(0).max(255),
  observer: z.boolean(),
  /** First 16 hex digits of the device token's SHA-256: identifies the device, but is not a credential. */
  device: z.string().min(1).max(64),
  /** The link's generation when the pass was signed. */
  generation: z.int().min(0),
  /** Wall clock ms. */
  expires: z.int(),
});
export type PassClaims = Omit<z.infer<typeof claimsSchema>, 'k'>;

export interface PassKeys {
  /** Id of the key that signs new passes. */
  readonly current: string;
  /** Key id → 32 random bytes. */
  readonly keys: { readonly [id: string]: Uint8Array };
}

export type PassOutcome =
  | { readonly ok: true; readonly claims: PassClaims }
  | { readonly ok: false; readonly why: 'bad' | 'expired' };

export function signPass(claims: PassClaims, keys: PassKeys): string {
  const payload = Buffer.from(JSON.stringify({ k: keys.current, ...claims })).toString('base64url');
  return `${payload}.${mac(payload, key(keys, keys.current)).toString('base64url')}`;
}

/** Verifies signature and expiry. `now`: wall clock ms. */
export function readPass(pass: string, keys: PassKeys, now: number): PassOutcome {
  const [payload, signature, ...rest] = pass.split('.');
  if (pass.length > PASS_LENGTH_MAX || !payload || !signature || rest.length > 0) return bad;
  const parsed = claimsSchema.safeParse(parseJson(Buffer.from(payload, 'base64url').toString()));
  if (!parsed.success) return bad;
  const secret = keys.keys[parsed.data.k];
  if (!secret) return bad;
  const given = Buffer.from(signature, 'base64url');
  const expected = mac(payload, secret);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return bad;
  const { k: _, ...claims } = parsed.data;
  return claims.expires <= now ? { ok: false, why: 'expired' } : { ok: true, claims };
}

const bad: PassOutcome = { ok: false, why: 'bad' };

function mac(payload: string, secret: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(payload).digest();
}

function key(keys: PassKeys, id: string): Uint8Array {
  const found = keys.keys[id];
  if (!found) throw new Error(`no key ${id}`);
  return found;
}
