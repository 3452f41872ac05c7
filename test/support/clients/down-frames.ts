/** Decodes frames of a server for tests: by name, or as the records they contain. */
import { inflateRawSync } from 'node:zlib';
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { chunk } from '../../../sdk/protocol/chunk.ts';
import { drain } from '../../../sdk/protocol/drain.ts';
import { expect } from '../../../sdk/protocol/expect.ts';
import { heartbeat } from '../../../sdk/protocol/heartbeat.ts';
import { hold } from '../../../sdk/protocol/hold.ts';
import { live } from '../../../sdk/protocol/live.ts';
import type { Fields, Message, ValuesOf } from '../../../sdk/protocol/message.ts';
import { presence } from '../../../sdk/protocol/presence.ts';
import { readRecord, RECORD_VERSION, type LogRecord } from '../../../sdk/protocol/record.ts';
import { refused } from '../../../sdk/protocol/refused.ts';
import { signals } from '../../../sdk/protocol/signals.ts';
import { welcome } from '../../../sdk/protocol/welcome.ts';

type Decoded<M> = M extends Message<infer F extends Fields> ? ValuesOf<F> : never;

export interface DownFrames {
  welcome: Decoded<typeof welcome>;
  chunk: Decoded<typeof chunk> & { readonly records: readonly LogRecord[] };
  live: Decoded<typeof live>;
  heartbeat: Decoded<typeof heartbeat>;
  signals: Decoded<typeof signals>;
  presence: Decoded<typeof presence>;
  hold: Decoded<typeof hold>;
  expect: Decoded<typeof expect>;
  refused: Decoded<typeof refused>;
  drain: Decoded<typeof drain>;
  records: { readonly records: readonly LogRecord[] };
}
export type DownName = keyof DownFrames;
export type DownFrame = { [N in DownName]: { readonly name: N; readonly values: DownFrames[N] } }[DownName];

const BY_TYPE = new Map<number, Message<Fields>>(
  [welcome, chunk, live, heartbeat, signals, presence, hold, expect, refused, drain].map((declared) => [
    declared.type,
    declared as unknown as Message<Fields>,
  ]),
);

/** Throws if it is not a frame of a server. */
export function decodeDown(frame: Uint8Array): DownFrame {
  const type = frame[0] ?? -1;
  if (type === RECORD_VERSION) return { name: 'records', values: { records: recordsIn(frame) } };
  const declared = BY_TYPE.get(type);
  const values = declared?.decode(frame);
  if (!declared || !values) throw new Error(`not a frame of a server: ${Buffer.from(frame).toString('hex')}`);
  if (declared.name === 'chunk') {
    const records = recordsIn(inflateRawSync(values.deflated as Uint8Array));
    return { name: 'chunk', values: { ...values, records } } as unknown as DownFrame;
  }
  return { name: declared.name, values } as unknown as DownFrame;
}

/** All records in `bytes`; throws if there is anything else. */
export function recordsIn(bytes: Uint8Array): LogRecord[] {
  const reader = new Reader(bytes);
  const records: LogRecord[] = [];
  while (!reader.atEnd) {
    const record = readRecord(reader);
    if (!record) throw new Error(`no record at byte ${reader.at}`);
    records.push(record);
  }
  return records;
}
