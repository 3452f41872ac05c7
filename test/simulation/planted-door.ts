/** What a room server hears and says, changed on its way, for the planted bugs. */
import { chunk } from '../../sdk/protocol/chunk.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import type { Peer, PeerHandler } from '../../src/ports/frontend/frontend.ts';
import { ROOMS } from './stage.ts';
import type { ServerDoor } from './network.ts';
import type { Oracle } from './oracle.ts';
import { override } from './override.ts';

type Change = (peer: Peer, room: string) => { peer: Peer; hears?: (frame: Uint8Array) => Uint8Array };

function changed(door: ServerDoor, change: Change): ServerDoor {
  return {
    lease: door.lease,
    sockets: (offer) => {
      const answer = door.sockets(offer);
      if (!answer.accept) return answer;
      const room = offer.path.split('/')[4] ?? '';
      const open = (peer: Peer): PeerHandler => {
        const { peer: seen, hears } = change(peer, room);
        const handler = answer.open(seen);
        if (!hears) return handler;
        return override(handler, { message: (frame) => handler.message(hears(frame)) });
      };
      return { ...answer, open };
    },
  };
}

/** The first chunk of a replay is left out. */
export function leavesOutChunk(door: ServerDoor): ServerDoor {
  return changed(door, (peer) => {
    let left = false;
    const send = (frame: Uint8Array): boolean => {
      if (left || frame[0] !== chunk.type) return peer.send(frame);
      left = true;
      return true;
    };
    return { peer: override(peer, { send }) };
  });
}

/** Whatever epoch a page names, it is the one that the entry has. */
export function trustsEpochs(door: ServerDoor, oracle: Oracle): ServerDoor {
  return changed(door, (peer, room) => ({
    peer,
    hears: (frame) => {
      const said = frame[0] === hello.type && ROOMS.includes(room) ? hello.decode(frame) : null;
      const epoch = oracle.truth(room).epochOf(said?.seq ?? 0);
      return said && epoch > 0 ? hello.encode({ ...said, epoch }) : frame;
    },
  }));
}
