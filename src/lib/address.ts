/** Remote addresses: the address of a request behind proxies, and the key under which one visitor is counted. */
import { isIP } from 'node:net';

/**
 * The visitor's address. `trusted` = number of trusted proxies in front of this port; each appends the
 * address of its client to X-Forwarded-For, so the visitor's address is entry number `trusted` counted from the end;
 * entries before it were sent by the visitor and are ignored. If the header has fewer entries, the first one is used;
 * if the entry is not an address, `remote` is returned.
 */
export function visitorAddress(remote: string, forwardedFor: string | null, trusted: number): string {
  if (trusted === 0 || forwardedFor === null) return remote;
  const entries = forwardedFor.split(',');
  return plainAddress(entries.at(-Math.min(trusted, entries.length)) ?? '') ?? remote;
}

/** Removes brackets and port: `192.0.2.1:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]`; null = not an address. */
function plainAddress(entry: string): string | null {
  const text = entry.trim();
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text) ?? [];
  const address = bracketed ?? dotted ?? text;
  return isIP(address) === 0 ? null : address;
}

/** The key for limits per visitor: the IPv4 address, or the /64 prefix of an IPv6 address, which one household shares. */
export function visitorKey(address: string): string {
  if (!address.includes(':')) return address;
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length);
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...(after === undefined ? [] : zeros), ...tail].slice(0, 4).join(':');
}
