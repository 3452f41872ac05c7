/**
 * Test vectors as docs/protocol.md and the frozen files contain them: a name, the values as JSON (ids and
 * bytes in hex), the frame in hex. They are encoded and decoded by the current declarations.
 */
import { Reader } from '../protocol/bytes.ts';
import { DOWN } from '../protocol/down.ts';
import type { Fields, FieldType, Message } from '../protocol/message.ts';
import { encodeRecord, readRecord, recordLength, type RecordHeader } from '../protocol/record.ts';
import { encodeSend, readSend, type SendHead } from '../protocol/send.ts';
import { UP } from '../protocol/up.ts';

/** Every declared message by its name; `send` and records have separate codecs. */
export const MESSAGES = new Map(
  ([...UP, ...DOWN] as unknown as readonly Message<Fields>[]).map((declared) => [declared.name, declared]),
);

type Json = { readonly [name: string]: unknown };
export interface Vector {
  readonly name: string;
  readonly value: Json;
  readonly frame: Uint8Array;
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const unhex = (text: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

export function readVectors(blocks: readonly string[]): Vector[] {
  return blocks.map((block) => {
    const [name, value, ...frame] = block.split('\n');
    return { name: name!, value: JSON.parse(value!) as Json, frame: unhex(frame.join('')) };
  });
}

/** A field that is missing in the JSON (its version did not have it) is 0 or empty. */
function fromJson(type: FieldType, value: unknown): unknown {
  if (type === 'bytes' || type === 'id') return unhex((value as string | undefined) ?? '');
  if (type === 'varint') return value ?? 0;
  if (type === 'text') return value ?? '';
  return ((value as Json[] | undefined) ?? []).map((item) => allFromJson(type[0], item));
}

function allFromJson(fields: Fields, value: Json): Json {
  return Object.fromEntries(
    Object.entries(fields).map(([name, type]) => [name, fromJson(type, value[name])]),
  );
}

function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toJson(each)]));
}

function encodeRecordJson(value: Json): Uint8Array {
  const body = unhex(value['body'] as string);
  const header = value as unknown as RecordHeader;
  const out = new Uint8Array(recordLength(header, body.length));
  encodeRecord(out, 0, header, body);
  return out;
}

export function encodeVector({ name, value }: Vector): Uint8Array {
  if (name === 'record') return encodeRecordJson(value);
  if (name === 'records') return Buffer.concat((value['records'] as Json[]).map(encodeRecordJson));
  if (name === 'send') {
    const { client, clientSeq, kind, body } = value as Record<string, never>;
    return encodeSend({ client: client!, clientSeq: clientSeq!, kind: kind!, body: unhex(body!) });
  }
  const declared = MESSAGES.get(name)!;
  return declared.encode(allFromJson(declared.fields, value) as never);
}

/** Returns null if the frame is not of this name. */
export function decodeVector(name: string, frame: Uint8Array): unknown {
  if (name === 'records') {
    const reader = new Reader(frame);
    const records: unknown[] = [];
    while (!reader.atEnd) records.push(toJson(readRecord(reader)));
    return { records };
  }
  if (name.startsWith('record')) {
    const reader = new Reader(frame);
    const record = readRecord(reader);
    return reader.atEnd ? toJson(record) : null;
  }
  if (name === 'send') {
    const head: SendHead = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
    if (!readSend(frame, head)) return null;
    const { client, clientSeq, kind, bodyAt } = head;
    return { client, clientSeq, kind, body: hex(frame.subarray(bodyAt)) };
  }
  return toJson(MESSAGES.get(name)!.decode(frame));
}
