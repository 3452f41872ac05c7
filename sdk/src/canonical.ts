/**
 * Canonical JSON, which does not depend on the order in which keys were added, and a short hash of it.
 * Two pages compare their states by the hash.
 */
import { encodeText } from './text.ts';

/** JSON with the keys of every object sorted by code units. `value` is a JSON value. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, sortKeys) ?? 'null';
}

/** FNV-1a, 32 bits, over the UTF-8 bytes of the text (Fowler, Noll, Vo; public domain): 8 hex digits. */
export function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of encodeText(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** Equal for all pages that applied the same records. */
export function stateHash(state: unknown): string {
  return fnv1a(canonicalJson(state));
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
