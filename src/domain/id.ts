/** Ids of orders, rooms and rights to play: public names, not secrets. */
import type { Random } from '../lib/world.ts';

/** 32 characters, so that five bits choose one without bias; none that look alike. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const ID_LENGTH = 20;

/** 20 characters of `[a-z0-9]`, 100 bits of chance. */
export function newId(random: Random): string {
  return Array.from(random.bytes(ID_LENGTH), (byte) => ALPHABET[byte & 31]).join('');
}
