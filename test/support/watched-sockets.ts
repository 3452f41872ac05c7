/** Stands between the front end and the rooms: sees every socket go, and can lie about a sign of life. */
import type { Game } from '../../src/services/game/game.ts';

type Sockets = Game['sockets'];

export interface WatchedSockets {
  /** The codes with which sockets went, in order. */
  readonly closes: readonly number[];
  readonly sockets: (own: Sockets) => Sockets;
}

/** `aliveMs` = so often every socket seems to give a sign of life, until it is gone; null = only when it does. */
export function watchSockets(aliveMs: number | null): WatchedSockets {
  const closes: number[] = [];
  return {
    closes,
    sockets: (own) => (offer) => {
      const answer = own(offer);
      if (!answer.accept) return answer;
      return {
        accept: true,
        open(peer) {
          const handler = answer.open(peer);
          const lying = aliveMs === null ? undefined : setInterval(() => handler.alive(), aliveMs);
          return {
            message: (frame) => handler.message(frame),
            text: () => handler.text(),
            alive: () => handler.alive(),
            drained: () => handler.drained(),
            closed(code) {
              clearInterval(lying);
              closes.push(code);
              handler.closed(code);
            },
          };
        },
      };
    },
  };
}
