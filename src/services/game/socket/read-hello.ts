/** Reads and checks the first frame of a socket: version, credential, client ids. */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { CLIENTS_MAX, hello } from '../../../../sdk/protocol/hello.ts';
import { Reader } from '../../../../sdk/protocol/bytes.ts';
import { readPass, type PassClaims, type PassKeys } from '../../../domain/pass.ts';
import { clientKey } from '../room/client-table.ts';
import type { VersionAdapter } from './version-adapter.ts';

export interface ClientHello {
  readonly version: number;
  readonly versionAdapter: VersionAdapter;
  readonly claims: PassClaims;
  /** First the page's own id, then those whose outbox it took over; all distinct. */
  readonly clients: readonly Uint8Array[];
  readonly epoch: number;
  readonly seq: number;
}

/**
 * Identifies a page by its seat and its own client id. A later socket with the same key replaces the older
 * one.
 */
export function pageKeyOf({ claims, clients }: ClientHello): string {
  return `${claims.observer ? 0 : claims.seat}:${clientKey(clients[0]!)}`;
}

export type HelloOutcome =
  | { readonly ok: true; readonly hello: ClientHello }
  | { readonly ok: false; readonly close: CloseCode };

export interface HelloDeps {
  readonly keys: PassKeys;
  readonly versionAdapters: ReadonlyMap<number, VersionAdapter>;
}

/** `now`: wall clock ms, compared with the expiry of the credential. */
export function readHello(
  frame: Uint8Array,
  room: string,
  { keys, versionAdapters }: HelloDeps,
  now: number,
): HelloOutcome {
  const reader = new Reader(frame);
  if (reader.byte() !== hello.type) return reject(Close.malformed);
  // Read the version first: the rest of the frame depends on it.
  const version = reader.varint();
  if (reader.failed) return reject(Close.malformed);
  const versionAdapter = versionAdapters.get(version);
  if (!versionAdapter) return reject(Close.versionUnknown);
  const current = versionAdapter.up(frame);
  const decoded = current && hello.decode(current);
  if (!decoded) return reject(Close.malformed);
  const clients = decoded.clients.map(({ id }) => id.slice());
  const distinct = new Set(clients.map(clientKey)).size === clients.length;
  if (clients.length < 1 || clients.length > CLIENTS_MAX || !distinct) return reject(Close.malformed);
  const pass = readPass(decoded.credential, keys, now);
  if (!pass.ok) return reject(pass.why === 'expired' ? Close.ticketOld : Close.ticketBad);
  if (pass.claims.room !== room) return reject(Close.ticketBad);
  const { epoch, seq } = decoded;
  return { ok: true, hello: { version, versionAdapter, claims: pass.claims, clients, epoch, seq } };
}

function reject(close: CloseCode): HelloOutcome {
  return { ok: false, close };
}
