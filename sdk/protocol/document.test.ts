/**
 * docs/protocol.md against the program: its byte sequences are encoded and decoded, its tables
 * compared, and each of its rules must have a test that names it.
 */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { Reader } from './bytes.ts';
import { Close } from './close-codes.ts';
import { DOWN } from './down.ts';
import type { Fields, FieldType, Message } from './message.ts';
import { encodeRecord, readRecord, RecordKind, recordLength, type RecordHeader } from './record.ts';
import { encodeSend, readSend, type SendHead } from './send.ts';
import { UP } from './up.ts';

const ROOT = join(import.meta.dir, '../..');
const DOCUMENT = readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8');
const MESSAGES = new Map(
  ([...UP, ...DOWN] as unknown as readonly Message<Fields>[]).map((declared) => [declared.name, declared]),
);

type Json = { readonly [name: string]: unknown };
interface Vector {
  readonly name: string;
  readonly value: Json;
  readonly frame: Uint8Array;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

function blocks(kind: string): string[] {
  return [...DOCUMENT.matchAll(new RegExp(`\`\`\`${kind}\n(.*?)\n\`\`\``, 'gs'))].map((found) => found[1]!);
}

const VECTORS: readonly Vector[] = blocks('vector').map((block) => {
  const [name, value, ...frame] = block.split('\n');
  return { name: name!, value: JSON.parse(value!) as Json, frame: unhex(frame.join('')) };
});

/** JSON of the document → values of the message: ids and bytes are hex there. */
function fromJson(type: FieldType, value: unknown): unknown {
  if (type === 'bytes' || type === 'id') return unhex(value as string);
  if (typeof type === 'string') return value;
  return (value as Json[]).map((item) => allFromJson(type[0], item));
}

function allFromJson(fields: Fields, value: Json): Json {
  expect(Object.keys(value)).toEqual(Object.keys(fields));
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

function encode({ name, value }: Vector): Uint8Array {
  if (name === 'record') {
    const body = unhex(value['body'] as string);
    const header = value as unknown as RecordHeader;
    const out = new Uint8Array(recordLength(header, body.length));
    encodeRecord(out, 0, header, body);
    return out;
  }
  if (name === 'send') {
    const { client, clientSeq, kind, body } = value as Record<string, never>;
    return encodeSend({ client: client!, clientSeq: clientSeq!, kind: kind!, body: unhex(body!) });
  }
  const declared = MESSAGES.get(name)!;
  return declared.encode(allFromJson(declared.fields, value) as never);
}

function decode({ name, frame }: Vector): unknown {
  if (name.startsWith('record')) {
    const reader = new Reader(frame);
    const record = readRecord(reader);
    expect(reader.atEnd).toBe(true);
    return toJson(record);
  }
  if (name === 'send') {
    const head: SendHead = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
    expect(readSend(frame, head)).toBe(true);
    const { client, clientSeq, kind, bodyAt } = head;
    return { client, clientSeq, kind, body: hex(frame.subarray(bodyAt)) };
  }
  return toJson(MESSAGES.get(name)!.decode(frame));
}

for (const [index, vector] of VECTORS.entries()) {
  test(`P4 P5 the document's ${vector.name} (${index}) is what the program reads and writes`, () => {
    expect(decode(vector)).toEqual(vector.value);
    if (!vector.name.endsWith('read-only')) expect(hex(encode(vector))).toBe(hex(vector.frame));
  });
}

test('P4 the document has a byte sequence for every frame', () => {
  const shown = new Set(VECTORS.map(({ name }) => name));
  for (const name of [...MESSAGES.keys(), 'send', 'record']) expect(shown).toContain(name);
});

test('P21 the chunk of the document holds the records shown below it', () => {
  const chunk = VECTORS.find(({ name }) => name === 'chunk')!;
  const inflated = inflateRawSync(unhex(chunk.value['deflated'] as string));
  expect(hex(inflated)).toBe(hex(unhex(blocks('inflated')[0]!)));
  const reader = new Reader(inflated);
  const seqs: number[] = [];
  while (!reader.atEnd) seqs.push(readRecord(reader)!.seq);
  expect(seqs).toEqual([2, 3, 4]);
});

test('P58 P59 the document lists all close codes with their reasons', () => {
  for (const { code, reason } of Object.values(Close)) expect(DOCUMENT).toContain(`| ${code} | ${reason} |`);
});

test('P6 P7 the document names every kind and every frame with its byte', () => {
  for (const kind of Object.values(RecordKind)) {
    expect(DOCUMENT).toMatch(new RegExp(`^\\| (\\d+, )?${kind}(, \\d+)? \\|`, 'm'));
  }
  for (const { type, name } of MESSAGES.values()) {
    expect(DOCUMENT).toMatch(new RegExp(`\\| 0x${type.toString(16)} \\| ${name} \\|`));
  }
});

const RULES = [...DOCUMENT.matchAll(/^\*\*(P\d+)\*\*/gm)].map((found) => found[1]!);

test('the rules are numbered one after another', () => {
  expect(RULES).toEqual(RULES.map((_, index) => `P${index + 1}`));
  expect(RULES.length).toBeGreaterThan(60);
});

test('every rule has a test that carries its number in its name', async () => {
  const named = new Set<string>();
  for (const folder of ['sdk', 'src', 'test']) {
    for await (const file of new Bun.Glob('**/*.test.ts').scan(join(ROOT, folder))) {
      const source = readFileSync(join(ROOT, folder, file), 'utf8');
      for (const [, name] of source.matchAll(/^\s*test\(\s*['"`](.*?)['"`],/gms)) {
        for (const [rule] of name!.matchAll(/\bP\d+\b/g)) named.add(rule);
      }
    }
  }
  expect(RULES.filter((rule) => !named.has(rule))).toEqual([]);
  expect([...named].filter((rule) => !RULES.includes(rule))).toEqual([]);
});
