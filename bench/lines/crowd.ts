/**
 * Players that a line leads by the hand, where the load generator's even rate is not wanted. They
 * see to it that every record comes once and in order.
 */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { chunk } from '../../sdk/protocol/chunk.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import { live } from '../../sdk/protocol/live.ts';
import { readRecord, RECORD_VERSION, RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import type { Place } from '../lib/load.ts';

export interface Player {
  /** Sends a message; resolves with its echo. One at a time. */
  say(kind: RecordKind, body: Uint8Array): Promise<void>;
  close(): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Resolves when the player is live. `heard` is called with the bytes of each frame that came. */
export function enter(
  { port, path, ticket }: Place,
  heard: (bytes: number) => void = () => {},
): Promise<Player> {
  const id = crypto.getRandomValues(new Uint8Array(16));
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const entered = Promise.withResolvers<Player>();
  const player = { seq: 0, clientSeq: 0, gone: false, waiting: null as Waiting | null };
  const fail = (why: string): void => {
    if (player.gone) return;
    const error = new Error(`a player's connection: ${why}`);
    entered.reject(error);
    player.waiting?.reject(error);
  };
  const take = (frame: Uint8Array): void => {
    heard(frame.length);
    if (frame[0] === RECORD_VERSION) takeRecords(frame);
    else if (frame[0] === chunk.type) player.seq = chunk.decode(frame)?.last ?? player.seq;
    else if (frame[0] === live.type) entered.resolve(api);
  };
  const takeRecords = (frame: Uint8Array): void => {
    const reader = new Reader(frame);
    while (!reader.atEnd) {
      const record = readRecord(reader);
      if (record === null || record.seq > player.seq + 1) return fail(`no entry ${player.seq + 1}`);
      player.seq = Math.max(player.seq, record.seq);
      if (record.kind === RecordKind.client && Buffer.from(record.body).equals(id)) own = record.client;
      if (record.client === own && record.clientSeq === player.clientSeq) player.waiting?.resolve();
    }
  };
  let own = -1;
  const api: Player = {
    say(kind, body) {
      const waiting = Promise.withResolvers<void>();
      player.waiting = waiting;
      socket.send(encodeSend({ client: 0, clientSeq: ++player.clientSeq, kind, body }));
      return waiting.promise;
    },
    close() {
      player.gone = true;
      socket.close();
    },
  };
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    const said = { version: PROTOCOL_VERSION, credential: ticket, clients: [{ id }], epoch: 0, seq: 0 };
    socket.send(hello.encode(said));
  };
  socket.onmessage = ({ data }) => take(new Uint8Array(data as ArrayBuffer));
  socket.onclose = ({ code, reason }) => fail(`closed ${code} ${reason}`);
  return entered.promise;
}

/** Does it for all, so many at a time. */
export async function forAll<T>(
  all: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const left = all.values();
  const worker = async (): Promise<void> => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
