/** The first frame of a socket: what it must be, and who it says is there. */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { CLIENTS_MAX, hello } from '../../../../sdk/protocol/hello.ts';
import { Reader } from '../../../../sdk/protocol/bytes.ts';
import { readPass, type PassClaims, type PassKeys } from '../../../domain/pass.ts';
import { clientKey } from '../room/client-table.ts';
import type { VersionAdapter } from './version-adapter.ts';

export interface Greeting {
  readonly version: number;
  readonly dialect: VersionAdapter;
  readonly claims: PassClaims;
  /** First the page's own, then those it took over; all different. */
  readonly clients: readonly Uint8Array[];
  readonly epoch: number;
  readonly seq: number;
}

/** Tells a page: its seat and its own client id. A later socket with the same key takes its place. */
export function pageKeyOf({ claims, clients }: Greeting): string {
  return `${claims.observer ? 0 : claims.seat}:${clientKey(clients[0]!)}`;
}

export type HelloOutcome =
  | { readonly ok: true; readonly greeting: Greeting }
  | { readonly ok: false; readonly close: CloseCode };

/** What a hello is read with. */
export interface HelloDeps {
  readonly keys: PassKeys;
  readonly dialects: ReadonlyMap<number, VersionAdapter>;
}

/** `now` is wall clock ms: what passes are good for is decided by it. */
export function readHello(
  frame: Uint8Array,
  room: string,
  { keys, dialects }: HelloDeps,
  now: number,
): HelloOutcome {
  const reader = new Reader(frame);
  if (reader.byte() !== hello.type) return no(Close.malformed);
  // The version is read first: everything behind it may look different in another one.
  const version = reader.varint();
  if (reader.bad) return no(Close.malformed);
  const dialect = dialects.get(version);
  if (!dialect) return no(Close.versionUnknown);
  const present = dialect.up(frame);
  const said = present && hello.decode(present);
  if (!said) return no(Close.malformed);
  const clients = said.clients.map(({ id }) => id.slice());
  const different = new Set(clients.map(clientKey)).size === clients.length;
  if (clients.length < 1 || clients.length > CLIENTS_MAX || !different) return no(Close.malformed);
  const pass = readPass(said.credential, keys, now);
  if (!pass.ok) return no(pass.why === 'expired' ? Close.ticketOld : Close.ticketBad);
  if (pass.claims.room !== room) return no(Close.ticketBad);
  const { epoch, seq } = said;
  return { ok: true, greeting: { version, dialect, claims: pass.claims, clients, epoch, seq } };
}

function no(close: CloseCode): HelloOutcome {
  return { ok: false, close };
}
