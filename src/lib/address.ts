/** Remote addresses: whose a request is when proxies stand in front, and which of them count as one visitor. */
import { isIP } from 'node:net';

/**
 * The visitor's address. `trusted` = how many proxies of ours stand before this port; each appends to
 * X-Forwarded-For the address that it was called from, so only the last `trusted` entries are
 * believed, and everything left of them is what the visitor wrote and means nothing. A header with
 * fewer entries is read to its beginning; one that holds no address where it should is not used.
 */
export function visitorAddress(remote: string, forwardedFor: string | null, trusted: number): string {
  if (trusted === 0 || forwardedFor === null) return remote;
  const entries = forwardedFor.split(',');
  return plainAddress(entries.at(-Math.min(trusted, entries.length)) ?? '') ?? remote;
}

/** `192.0.2.1:4711`, `[2001:db8::1]:4711` and `[2001:db8::1]` without brackets and port; null = no address. */
function plainAddress(entry: string): string | null {
  const text = entry.trim();
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text) ?? [];
  const address = bracketed ?? dotted ?? text;
  return isIP(address) === 0 ? null : address;
}

/** One household has one IPv4 address, but 2^64 IPv6 addresses: those count by their first half. */
export function visitorOf(address: string): string {
  if (!address.includes(':')) return address;
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length);
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...(after === undefined ? [] : zeros), ...tail].slice(0, 4).join(':');
}
