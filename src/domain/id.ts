/** Ids of orders, rooms and entitlements: public, not secret. */
import type { Random } from '../lib/world.ts';

/** 32 characters, so that five bits select one without bias; without `l`, `o`, `0` and `1`, which look alike. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const ID_LENGTH = 20;

/** 20 characters of `[a-z2-9]`, 100 random bits. */
export function newId(random: Random): string {
  return Array.from(random.bytes(ID_LENGTH), (byte) => ALPHABET[byte & 31]).join('');
}
