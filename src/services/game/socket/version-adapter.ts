/**
 * The protocol versions that this server supports: the current one and the one before it. Only the session
 * handles versions: an adapter converts the frames of an older page to the current version, and frames for it
 * back.
 */
import { PROTOCOL_VERSION } from '../../../../sdk/protocol/version.ts';
import type { Peer } from '../../../ports/frontend/frontend.ts';

export interface VersionAdapter {
  /** Converts a page's frame to the current version; null = malformed. A hello keeps its version number. */
  up(frame: Uint8Array): Uint8Array | null;
  /**
   * Converts a current frame to the page's version; null = that version has no such frame, and nothing is
   * sent.
   */
  down(frame: Uint8Array): Uint8Array | null;
}

export const CURRENT_VERSION: VersionAdapter = { up: (frame) => frame, down: (frame) => frame };

/**
 * Version → its adapter. When PROTOCOL_VERSION is raised, add an adapter for the version before; it is tested
 * against the frozen byte sequences of that version (sdk/protocol/frozen).
 */
export const VERSION_ADAPTERS: ReadonlyMap<number, VersionAdapter> = new Map([
  [PROTOCOL_VERSION, CURRENT_VERSION],
]);

/** Wraps the socket of a page with an older version: converts the frames that are sent. */
export function adaptPeer(adapter: VersionAdapter, peer: Peer): Peer {
  return {
    address: peer.address,
    get isBackpressured() {
      return peer.isBackpressured;
    },
    send(frame) {
      const adapted = adapter.down(frame);
      return adapted === null || peer.send(adapted);
    },
    cork: (run) => peer.cork(run),
    buffered: () => peer.buffered(),
    ping: () => peer.ping(),
    pause: () => peer.pause(),
    resume: () => peer.resume(),
    close: (code, reason) => peer.close(code, reason),
  };
}
