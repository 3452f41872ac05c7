/** What a room server hears and says, changed on its way, for the planted bugs. */
import { chunk } from '../../../sdk/protocol/chunk.ts';
import { drain } from '../../../sdk/protocol/drain.ts';
import { expect } from '../../../sdk/protocol/expect.ts';
import { heartbeat } from '../../../sdk/protocol/heartbeat.ts';
import { hello } from '../../../sdk/protocol/hello.ts';
import { live } from '../../../sdk/protocol/live.ts';
import type { ValuesOf } from '../../../sdk/protocol/message.ts';
import { RECORD_VERSION } from '../../../sdk/protocol/record.ts';
import { encodeSend, readSend } from '../../../sdk/protocol/send.ts';
import { welcome } from '../../../sdk/protocol/welcome.ts';
import type { Peer, PeerHandler } from '../../../src/ports/frontend/frontend.ts';
import { ROOMS } from '../seed-data.ts';
import type { ServerDoor } from '../network.ts';
import type { Oracle } from '../oracle.ts';
import { override } from '../override.ts';
import { STARTS_AT } from '../scheduler.ts';

interface Changed {
  readonly peer: Peer;
  readonly hears?: (frame: Uint8Array) => Uint8Array;
}

/** `feed`: the server hears this, as if it had come. */
type Change = (peer: Peer, room: string, feed: (frame: Uint8Array) => void) => Changed;

function changed(door: ServerDoor, change: Change): ServerDoor {
  return {
    lease: door.lease,
    sockets: (offer) => {
      const answer = door.sockets(offer);
      if (!answer.accept) return answer;
      const room = offer.path.split('/')[4] ?? '';
      const open = (peer: Peer): PeerHandler => {
        const { peer: seen, hears } = change(peer, room, (frame) => handler.message(frame));
        const handler = answer.open(seen);
        if (!hears) return handler;
        return override(handler, { message: (frame) => handler.message(hears(frame)) });
      };
      return { ...answer, open };
    },
  };
}

/** Everything the server sends goes through `says`, which sends it on with `peer.send`. */
function saying(peer: Peer, says: (frame: Uint8Array) => boolean): Changed {
  return { peer: override(peer, { send: says }) };
}

/** The first chunk of a replay is left out. */
export function leavesOutChunk(door: ServerDoor): ServerDoor {
  return changed(door, (peer) => {
    let left = false;
    return saying(peer, (frame) => {
      if (left || frame[0] !== chunk.type) return peer.send(frame);
      left = true;
      return true;
    });
  });
}

/** Every records frame of a replay comes twice: pages skip what they have. */
export function repeatsInReplay(door: ServerDoor): ServerDoor {
  return changed(door, (peer) => {
    let replaying = true;
    return saying(peer, (frame) => {
      if (frame[0] === live.type) replaying = false;
      const twice = replaying && frame[0] === RECORD_VERSION;
      return peer.send(frame) && (!twice || peer.send(frame));
    });
  });
}

/** The page is told that it is live, and then gets what it lacks. */
export function livesEarly(door: ServerDoor): ServerDoor {
  return changed(door, (peer) =>
    saying(peer, (frame) => {
      const values = frame[0] === welcome.type ? welcome.decode(frame) : null;
      return peer.send(frame) && (values === null || peer.send(live.encode({ seq: values.seq })));
    }),
  );
}

/** A page is live with nothing, and gets all there is as news. */
export function livesAtOnce(door: ServerDoor): ServerDoor {
  return changed(door, (peer) =>
    saying(peer, (frame) => {
      if (frame[0] === live.type) return true;
      const values = frame[0] === welcome.type ? welcome.decode(frame) : null;
      if (values?.resumed !== 0) return peer.send(frame);
      return peer.send(frame) && peer.send(live.encode({ seq: 0 }));
    }),
  );
}

/** Welcomes come twice. */
export function welcomesTwice(door: ServerDoor): ServerDoor {
  return changed(door, (peer) =>
    saying(peer, (frame) => peer.send(frame) && (frame[0] !== welcome.type || peer.send(frame))),
  );
}

/** Whoever is welcomed was told to go before. */
export function dismisses(door: ServerDoor): ServerDoor {
  const farewell = drain.encode({ windowMs: 1 });
  return changed(door, (peer) =>
    saying(peer, (frame) => (frame[0] !== welcome.type || peer.send(farewell)) && peer.send(frame)),
  );
}

/** The replay never ends. */
export function neverLives(door: ServerDoor): ServerDoor {
  return changed(door, (peer) => saying(peer, (frame) => frame[0] === live.type || peer.send(frame)));
}

/** Speaks to whoever opens a socket. */
export function speaksFirst(door: ServerDoor): ServerDoor {
  return changed(door, (peer) => {
    // Once the front end knows that the socket is open.
    queueMicrotask(() => peer.send(heartbeat.encode({ epoch: 0, seq: 0, roomMs: 0, token: 0 })));
    return { peer };
  });
}

function welcoming(
  door: ServerDoor,
  change: (values: ValuesOf<(typeof welcome)['fields']>) => Partial<ValuesOf<(typeof welcome)['fields']>>,
): ServerDoor {
  return changed(door, (peer) =>
    saying(peer, (frame) => {
      const values = frame[0] === welcome.type ? welcome.decode(frame) : null;
      return peer.send(values ? welcome.encode({ ...values, ...change(values) }) : frame);
    }),
  );
}

/** A welcome forgets the last message of each client: the page sends it again, and it is dropped. */
export function tellsLess(door: ServerDoor): ServerDoor {
  return welcoming(door, ({ clients }) => ({
    clients: clients.map((client) => ({ ...client, lastSeq: Math.max(0, client.lastSeq - 1) })),
  }));
}

/** A welcome names each client by the number of another. */
export function tellsOtherNumbers(door: ServerDoor): ServerDoor {
  return welcoming(door, ({ clients }) => ({
    clients: clients.map(({ number, lastSeq }) => ({ number: number && number + 1, lastSeq })),
  }));
}

/** Heads in heartbeats are those of appends that are under way. */
export function beatsAhead(door: ServerDoor, assigned: ReadonlyMap<string, number>): ServerDoor {
  return changed(door, (peer, room) =>
    saying(peer, (frame) => {
      const values = frame[0] === heartbeat.type ? heartbeat.decode(frame) : null;
      if (values === null) return peer.send(frame);
      return peer.send(heartbeat.encode({ ...values, seq: Math.max(values.seq, assigned.get(room) ?? 0) }));
    }),
  );
}

/** Where the server would say that a message is not the client's next one, that message is taken as the next one. */
export function takesJumps(door: ServerDoor): ServerDoor {
  return changed(door, (peer, _room, feed) => {
    const heard = new Map<number, Uint8Array[]>();
    const head = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
    const hears = (frame: Uint8Array): Uint8Array => {
      if (readSend(frame, head)) heard.set(head.client, [...(heard.get(head.client) ?? []), frame.slice()]);
      return frame;
    };
    const send = (frame: Uint8Array): boolean => {
      const asked = frame[0] === expect.type ? expect.decode(frame) : null;
      if (asked === null) return peer.send(frame);
      const { client, next } = asked;
      const jumped = heard.get(client)?.find((each) => readSend(each, head) && head.clientSeq > next);
      heard.delete(client);
      if (jumped === undefined || !readSend(jumped, head)) return peer.send(frame);
      feed(encodeSend({ client, clientSeq: next, kind: head.kind, body: jumped.subarray(head.bodyAt) }));
      return true;
    };
    return { peer: override(peer, { send }), hears };
  });
}

type Position = Pick<ValuesOf<(typeof hello)['fields']>, 'epoch' | 'seq'>;

/** The server hears another position than a page has. */
function hearing(door: ServerDoor, change: (room: string, said: Position) => Partial<Position>): ServerDoor {
  return changed(door, (peer, room) => ({
    peer,
    hears: (frame) => {
      const said = frame[0] === hello.type && ROOMS.includes(room) ? hello.decode(frame) : null;
      return said && said.seq > 0 ? hello.encode({ ...said, ...change(room, said) }) : frame;
    },
  }));
}

/** Whatever epoch a page names, it is the one that the entry has. */
export function trustsEpochs(door: ServerDoor, oracle: Oracle): ServerDoor {
  return hearing(door, (room, { epoch, seq }) => ({ epoch: oracle.truth(room).epochOf(seq) || epoch }));
}

/** An epoch from before the room began is taken for the one that the entry has. */
export function trustsOldEpochs(door: ServerDoor, oracle: Oracle): ServerDoor {
  return hearing(door, (room, { epoch, seq }) =>
    epoch > 0 && epoch * 1_000 < STARTS_AT ? { epoch: oracle.truth(room).epochOf(seq) || epoch } : {},
  );
}

/** No position is ever good: it lies behind everything that is there. */
export function trustsNoPosition(door: ServerDoor): ServerDoor {
  return hearing(door, (_room, { seq }) => ({ seq: seq + 1_000_000 }));
}
