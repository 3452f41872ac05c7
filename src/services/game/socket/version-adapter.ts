/**
 * The protocol versions that this server speaks: the present one and the one before it. Everything
 * behind a socket knows only the present version; the pages of an older one are served through its
 * dialect, which turns their frames into present ones and present ones into theirs.
 */
import { PROTOCOL_VERSION } from '../../../../sdk/protocol/version.ts';
import type { Peer } from '../../../ports/frontend/frontend.ts';

export interface VersionAdapter {
  /** A page's frame as the present version has it; null = malformed. A hello keeps its version. */
  up(frame: Uint8Array): Uint8Array | null;
  /** A present frame as the page reads it; null = its version has none like it and can do without. */
  down(frame: Uint8Array): Uint8Array | null;
}

export const CURRENT_VERSION: VersionAdapter = { up: (frame) => frame, down: (frame) => frame };

/**
 * Version → its dialect. Whoever raises PROTOCOL_VERSION writes here what the version before does
 * otherwise; its frozen byte sequences (sdk/protocol/frozen) are the test of it.
 */
export const VERSION_ADAPTERS: ReadonlyMap<number, VersionAdapter> = new Map([
  [PROTOCOL_VERSION, CURRENT_VERSION],
]);

/** The socket of a page that speaks another version than the present one. */
export function adaptPeer(dialect: VersionAdapter, peer: Peer): Peer {
  return {
    address: peer.address,
    get congested() {
      return peer.congested;
    },
    send(frame) {
      const theirs = dialect.down(frame);
      return theirs === null || peer.send(theirs);
    },
    together: (run) => peer.together(run),
    buffered: () => peer.buffered(),
    ping: () => peer.ping(),
    pause: () => peer.pause(),
    resume: () => peer.resume(),
    close: (code, reason) => peer.close(code, reason),
  };
}
