/** Mutants that change what a room server receives and sends. */
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
import type { ServerEndpoint } from '../network.ts';
import type { Oracle } from '../oracle.ts';
import { override } from '../override.ts';
import { STARTS_AT } from '../scheduler.ts';

interface Changed {
  readonly peer: Peer;
  readonly onReceive?: (frame: Uint8Array) => Uint8Array;
}

/** `inject`: passes a frame to the server as if the page had sent it. */
type Change = (peer: Peer, room: string, inject: (frame: Uint8Array) => void) => Changed;

function wrapEndpoint(endpoint: ServerEndpoint, change: Change): ServerEndpoint {
  return {
    lease: endpoint.lease,
    sockets: (offer) => {
      const answer = endpoint.sockets(offer);
      if (!answer.accept) return answer;
      const room = offer.path.split('/')[4] ?? '';
      const open = (peer: Peer): PeerHandler => {
        const { peer: seen, onReceive } = change(peer, room, (frame) => handler.onMessage(frame));
        const handler = answer.open(seen);
        if (!onReceive) return handler;
        return override(handler, { onMessage: (frame) => handler.onMessage(onReceive(frame)) });
      };
      return { ...answer, open };
    },
  };
}

/** Every frame of the server goes through `send`, which passes it on with `peer.send`. */
function changeSend(peer: Peer, send: (frame: Uint8Array) => boolean): Changed {
  return { peer: override(peer, { send }) };
}

/** The first chunk of a replay is dropped. */
export function skipsChunk(endpoint: ServerEndpoint): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer) => {
    let isSkipped = false;
    return changeSend(peer, (frame) => {
      if (isSkipped || frame[0] !== chunk.type) return peer.send(frame);
      isSkipped = true;
      return true;
    });
  });
}

/** Every records frame of a replay is sent twice: pages skip what they have. */
export function repeatsInReplay(endpoint: ServerEndpoint): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer) => {
    let replaying = true;
    return changeSend(peer, (frame) => {
      if (frame[0] === live.type) replaying = false;
      const twice = replaying && frame[0] === RECORD_VERSION;
      return peer.send(frame) && (!twice || peer.send(frame));
    });
  });
}

/** The page receives `live` before the rest of its replay. */
export function liveBeforeReplay(endpoint: ServerEndpoint): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer) =>
    changeSend(peer, (frame) => {
      const values = frame[0] === welcome.type ? welcome.decode(frame) : null;
      return peer.send(frame) && (values === null || peer.send(live.encode({ seq: values.seq })));
    }),
  );
}

/** A page without a position receives `live` at 0, and then everything as live records. */
export function liveWithNothing(endpoint: ServerEndpoint): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer) =>
    changeSend(peer, (frame) => {
      if (frame[0] === live.type) return true;
      const values = frame[0] === welcome.type ? welcome.decode(frame) : null;
      if (values?.resumed !== 0) return peer.send(frame);
      return peer.send(frame) && peer.send(live.encode({ seq: 0 }));
    }),
  );
}

/** Each welcome is sent twice. */
export function welcomesTwice(endpoint: ServerEndpoint): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer) =>
    changeSend(peer, (frame) => peer.send(frame) && (frame[0] !== welcome.type || peer.send(frame))),
  );
}

/** A drain notice is sent before each welcome. */
export function drainsBeforeWelcome(endpoint: ServerEndpoint): ServerEndpoint {
  const drainNotice = drain.encode({ windowMs: 1 });
  return wrapEndpoint(endpoint, (peer) =>
    changeSend(peer, (frame) => (frame[0] !== welcome.type || peer.send(drainNotice)) && peer.send(frame)),
  );
}

/** The replay never ends. */
export function neverSendsLive(endpoint: ServerEndpoint): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer) =>
    changeSend(peer, (frame) => frame[0] === live.type || peer.send(frame)),
  );
}

/** A heartbeat is sent to each new socket before its hello. */
export function sendsBeforeHello(endpoint: ServerEndpoint): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer) => {
    // After the front end has registered the socket.
    queueMicrotask(() => peer.send(heartbeat.encode({ epoch: 0, seq: 0, roomMs: 0, token: 0 })));
    return { peer };
  });
}

function changeWelcome(
  endpoint: ServerEndpoint,
  change: (values: ValuesOf<(typeof welcome)['fields']>) => Partial<ValuesOf<(typeof welcome)['fields']>>,
): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer) =>
    changeSend(peer, (frame) => {
      const values = frame[0] === welcome.type ? welcome.decode(frame) : null;
      return peer.send(values ? welcome.encode({ ...values, ...change(values) }) : frame);
    }),
  );
}

/** Each client's last seq in a welcome is one too low: the page resends a message, which is dropped. */
export function lowersClientSeq(endpoint: ServerEndpoint): ServerEndpoint {
  return changeWelcome(endpoint, ({ clients }) => ({
    clients: clients.map((client) => ({ ...client, lastSeq: Math.max(0, client.lastSeq - 1) })),
  }));
}

/** Client numbers in a welcome are one too high. */
export function shiftsClientNumbers(endpoint: ServerEndpoint): ServerEndpoint {
  return changeWelcome(endpoint, ({ clients }) => ({
    clients: clients.map(({ number, lastSeq }) => ({ number: number && number + 1, lastSeq })),
  }));
}

/** Heartbeats contain the head of unfinished appends. */
export function heartbeatsAssignedHead(
  endpoint: ServerEndpoint,
  assigned: ReadonlyMap<string, number>,
): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer, room) =>
    changeSend(peer, (frame) => {
      const values = frame[0] === heartbeat.type ? heartbeat.decode(frame) : null;
      if (values === null) return peer.send(frame);
      return peer.send(heartbeat.encode({ ...values, seq: Math.max(values.seq, assigned.get(room) ?? 0) }));
    }),
  );
}

/**
 * Where the server would send `expect` for a gap, the message after the gap is accepted under the expected
 * number.
 */
export function acceptsSeqGaps(endpoint: ServerEndpoint): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer, _room, inject) => {
    const received = new Map<number, Uint8Array[]>();
    const head = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
    const onReceive = (frame: Uint8Array): Uint8Array => {
      if (readSend(frame, head))
        received.set(head.client, [...(received.get(head.client) ?? []), frame.slice()]);
      return frame;
    };
    const send = (frame: Uint8Array): boolean => {
      const expected = frame[0] === expect.type ? expect.decode(frame) : null;
      if (expected === null) return peer.send(frame);
      const { client, next } = expected;
      const outOfOrder = received.get(client)?.find((each) => readSend(each, head) && head.clientSeq > next);
      received.delete(client);
      if (outOfOrder === undefined || !readSend(outOfOrder, head)) return peer.send(frame);
      inject(
        encodeSend({ client, clientSeq: next, kind: head.kind, body: outOfOrder.subarray(head.bodyAt) }),
      );
      return true;
    };
    return { peer: override(peer, { send }), onReceive };
  });
}

type Position = Pick<ValuesOf<(typeof hello)['fields']>, 'epoch' | 'seq'>;

/** The server receives another position than the page has. */
function changePosition(
  endpoint: ServerEndpoint,
  change: (room: string, values: Position) => Partial<Position>,
): ServerEndpoint {
  return wrapEndpoint(endpoint, (peer, room) => ({
    peer,
    onReceive: (frame) => {
      const values = frame[0] === hello.type && ROOMS.includes(room) ? hello.decode(frame) : null;
      return values && values.seq > 0 ? hello.encode({ ...values, ...change(room, values) }) : frame;
    },
  }));
}

/** The epoch of a position is replaced by the one in which the entry was written. */
export function acceptsAnyEpoch(endpoint: ServerEndpoint, oracle: Oracle): ServerEndpoint {
  return changePosition(endpoint, (room, { epoch, seq }) => ({
    epoch: oracle.model(room).epochOf(seq) || epoch,
  }));
}

/** The same, only for epochs that began before the room. */
export function acceptsEarlierEpochs(endpoint: ServerEndpoint, oracle: Oracle): ServerEndpoint {
  return changePosition(endpoint, (room, { epoch, seq }) =>
    epoch > 0 && epoch * 1_000 < STARTS_AT ? { epoch: oracle.model(room).epochOf(seq) || epoch } : {},
  );
}

/** Each position lies beyond the log's end. */
export function rejectsAllPositions(endpoint: ServerEndpoint): ServerEndpoint {
  return changePosition(endpoint, (_room, { seq }) => ({ seq: seq + 1_000_000 }));
}
