/** Stands between the front end and the rooms: sees every socket go, and can lie about a sign of life. */
import type { PeerHandler } from '../../../src/ports/frontend/frontend.ts';
import type { Game } from '../../../src/services/game/game.ts';

type Sockets = Game['sockets'];

export interface WatchedSockets {
  /** The codes with which sockets went, in order. */
  readonly closes: readonly number[];
  readonly sockets: (own: Sockets) => Sockets;
}

/** The same sockets, with handlers that do something else in part. */
export function changeHandlers(own: Sockets, change: (real: PeerHandler) => Partial<PeerHandler>): Sockets {
  return (offer) => {
    const answer = own(offer);
    if (!answer.accept) return answer;
    return {
      accept: true,
      open(peer) {
        const real = answer.open(peer);
        return {
          message: (frame) => real.message(frame),
          text: () => real.text(),
          pinged: () => real.pinged(),
          alive: () => real.alive(),
          drained: () => real.drained(),
          closed: (code) => real.closed(code),
          ...change(real),
        };
      },
    };
  };
}

/** `aliveMs` = so often every socket seems to give a sign of life, until it is gone; null = only when it does. */
export function watchSockets(aliveMs: number | null): WatchedSockets {
  const closes: number[] = [];
  return {
    closes,
    sockets: (own) =>
      changeHandlers(own, (real) => {
        const lying = aliveMs === null ? undefined : setInterval(() => real.alive(), aliveMs);
        return {
          closed(code) {
            clearInterval(lying);
            closes.push(code);
            real.closed(code);
          },
        };
      }),
  };
}
