/** What the rooms get for their sockets, changed in part: for controls that take out what the other side feels. */
import type { Peer } from '../../../src/ports/frontend/frontend.ts';
import type { Game } from '../../../src/services/game/game.ts';

type Sockets = Game['sockets'];

/** The same sockets, with peers that do something else in part. */
export function changePeers(own: Sockets, change: (peer: Peer, room: string) => Partial<Peer>): Sockets {
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
    get congested() {
      return peer.congested;
    },
    together: (run) => peer.together(run),
    buffered: () => peer.buffered(),
    send: (frame) => peer.send(frame),
    ping: () => peer.ping(),
    pause: () => peer.pause(),
    resume: () => peer.resume(),
    close: (code, reason) => peer.close(code, reason),
    ...change,
  };
}
