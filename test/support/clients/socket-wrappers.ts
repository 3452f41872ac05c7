/** Wraps the sockets between front end and rooms: for controls that remove a guard, and for counting closes. */
import type { Peer, PeerHandler } from '../../../src/ports/frontend/frontend.ts';
import type { Game } from '../../../src/services/game/game.ts';

type OnUpgrade = Game['onUpgrade'];

/** Replaces a part of the peers that the rooms get. */
export function wrapPeers(own: OnUpgrade, change: (peer: Peer, room: string) => Partial<Peer>): OnUpgrade {
  return (offer) => {
    const answer = own(offer);
    if (!answer.accept) return answer;
    const room = offer.path.split('/')[4] ?? '';
    return { accept: true, open: (peer) => answer.open(changed(peer, change(peer, room))) };
  };
}

function changed(peer: Peer, change: Partial<Peer>): Peer {
  return {
    address: peer.address,
    get isBackpressured() {
      return peer.isBackpressured;
    },
    cork: (run) => peer.cork(run),
    buffered: () => peer.buffered(),
    send: (frame) => peer.send(frame),
    ping: () => peer.ping(),
    pause: () => peer.pause(),
    resume: () => peer.resume(),
    close: (code, reason) => peer.close(code, reason),
    ...change,
  };
}

/** Replaces a part of the handlers that the front end gets. */
export function wrapHandlers(own: OnUpgrade, change: (real: PeerHandler) => Partial<PeerHandler>): OnUpgrade {
  return (offer) => {
    const answer = own(offer);
    if (!answer.accept) return answer;
    return {
      accept: true,
      open(peer) {
        const real = answer.open(peer);
        return {
          onMessage: (frame) => real.onMessage(frame),
          onText: () => real.onText(),
          onPing: () => real.onPing(),
          onPong: () => real.onPong(),
          onDrain: () => real.onDrain(),
          onClose: (code) => real.onClose(code),
          ...change(real),
        };
      },
    };
  };
}

export interface RecordedCloses {
  /** The codes with which sockets were closed, in order. */
  readonly closes: readonly number[];
  readonly wrapUpgrade: (own: OnUpgrade) => OnUpgrade;
}

/** `pongMs`: every socket also seems to send a pong this often until it is closed; null = only when it does. */
export function recordCloses(pongMs: number | null): RecordedCloses {
  const closes: number[] = [];
  return {
    closes,
    wrapUpgrade: (own) =>
      wrapHandlers(own, (real) => {
        const ponging = pongMs === null ? undefined : setInterval(() => real.onPong(), pongMs);
        return {
          onClose(code) {
            clearInterval(ponging);
            closes.push(code);
            real.onClose(code);
          },
        };
      }),
  };
}
