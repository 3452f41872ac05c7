/** What a player says and hears: in Escapement's protocol, or bare bytes to a relay. */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import { live } from '../../sdk/protocol/live.ts';
import { readRecord, RECORD_VERSION, RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { signal } from '../../sdk/protocol/signal.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { welcome } from '../../sdk/protocol/welcome.ts';

export type Heard = 'live' | 'fault' | 'fine';

export interface Speech {
  /** The first frame, null if none is needed. */
  hello(): Uint8Array | null;
  /** Calls `delivered` with the time stamp in each move of the frame. */
  heard(payload: Uint8Array, delivered: (stamp: number) => void): Heard;
  /** A frame that carries `body`, whose first 8 bytes are the time stamp. */
  move(body: Uint8Array): Uint8Array;
  /** A cursor's new place; null where there is no such thing. */
  cursor(index: number): Uint8Array | null;
}

export function relaySpeech(): Speech {
  return {
    hello: () => null,
    heard(payload, delivered) {
      delivered(stampOf(payload));
      return 'fine';
    },
    move: (body) => body,
    cursor: () => null,
  };
}

/** Checks on the way that every record comes once and in order. */
export function escapementSpeech(ticket: string): Speech {
  const id = crypto.getRandomValues(new Uint8Array(16));
  let clientSeq = 0;
  let seq = 0;
  return {
    hello: () =>
      hello.encode({ version: PROTOCOL_VERSION, credential: ticket, clients: [{ id }], epoch: 0, seq: 0 }),
    heard(payload, delivered) {
      if (payload[0] === live.type) return 'live';
      if (payload[0] === welcome.type) return 'fine';
      if (payload[0] !== RECORD_VERSION) return 'fine';
      let outcome: Heard = 'fine';
      const reader = new Reader(payload);
      while (!reader.atEnd) {
        const record = readRecord(reader);
        if (record === null || record.seq !== seq + 1) outcome = 'fault';
        if (record === null) break;
        seq = record.seq;
        if (record.kind === RecordKind.move) delivered(stampOf(record.body));
      }
      return outcome;
    },
    move: (body) => encodeSend({ client: 0, clientSeq: ++clientSeq, kind: RecordKind.move, body }),
    cursor: (index) => signal.encode({ value: Buffer.from(`{"c":[${index % 1000},${index % 700}]}`) }),
  };
}

function stampOf(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset, 8).getFloat64(0);
}
