/** Names of frames for counts, and their values for traces. */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { DOWN } from '../../sdk/protocol/down.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import { ping } from '../../sdk/protocol/ping.ts';
import { readRecord, RECORD_VERSION } from '../../sdk/protocol/record.ts';
import { readSend, SEND } from '../../sdk/protocol/send.ts';
import { signal } from '../../sdk/protocol/signal.ts';
import { toHex } from '../../sdk/src/hex.ts';

const CONTROL = [...DOWN, hello, ping, signal];
const NAMES = new Map<number | undefined, string>([
  [RECORD_VERSION, 'records'],
  [SEND, 'send'],
  ...CONTROL.map(({ type, name }) => [type, name] as const),
]);
/** Characters shown of one value. */
const SHOWN_MAX = 12;

/** The names of all frames that a server may send. */
export const DOWN_NAMES: readonly string[] = ['records', ...DOWN.map(({ name }) => name)];

export function frameName(frame: Uint8Array): string {
  return NAMES.get(frame[0]) ?? 'unknown';
}

export function describeFrame(frame: Uint8Array): string {
  const name = frameName(frame);
  const head = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
  if (readSend(frame, head)) return `send ${head.clientSeq} of client ${head.client}, kind ${head.kind}`;
  if (frame[0] === RECORD_VERSION) return `records ${recordsIn(frame)}`;
  const values = CONTROL.find(({ type }) => type === frame[0])?.decode(frame);
  return values ? `${name} ${JSON.stringify(values, shortly)}` : `${name}, ${frame.length} bytes`;
}

function recordsIn(frame: Uint8Array): string {
  const reader = new Reader(frame);
  const shown: string[] = [];
  for (let record = readRecord(reader); record !== null; record = reader.atEnd ? null : readRecord(reader)) {
    shown.push(`${record.seq}(${record.client}:${record.clientSeq})`);
  }
  return shown.join(' ');
}

function shortly(_name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value.subarray(0, SHOWN_MAX / 2));
  return typeof value === 'string' ? value.slice(0, SHOWN_MAX) : value;
}
