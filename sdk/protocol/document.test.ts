/**
 * Compares docs/protocol.md with the program: its byte sequences are encoded and decoded, its tables
 * compared, and each of its rules must have a test with its number in the title.
 */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { decodeVector, encodeVector, hex, MESSAGES, readVectors, unhex } from '../test/vectors.ts';
import { Reader } from './bytes.ts';
import { Close } from './close-codes.ts';
import { readRecord, RECORD_VERSION, RecordKind } from './record.ts';

const ROOT = join(import.meta.dir, '../..');
const DOCUMENT = readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8');

function blocks(kind: string): string[] {
  return [...DOCUMENT.matchAll(new RegExp(`\`\`\`${kind}\n(.*?)\n\`\`\``, 'gs'))].map((found) => found[1]!);
}

const VECTORS = readVectors(blocks('vector'));

for (const [index, vector] of VECTORS.entries()) {
  test(`P4 P5 the document's ${vector.name} (${index}) is decoded and encoded by the program`, () => {
    expect(decodeVector(vector.name, vector.frame)).toEqual(vector.value);
    if (!vector.name.endsWith('read-only')) expect(hex(encodeVector(vector))).toBe(hex(vector.frame));
  });
}

test('P4 the document has a byte sequence for every frame', () => {
  const shown = new Set(VECTORS.map(({ name }) => name));
  for (const name of [...MESSAGES.keys(), 'send', 'record', 'records']) expect(shown).toContain(name);
});

test('P6 P7 a records frame has no type byte: it is its records, and it begins with the version byte of the first', () => {
  const { value, frame } = VECTORS.find(({ name }) => name === 'records')!;
  expect((value['records'] as unknown[]).length).toBe(3);
  expect(frame[0]).toBe(RECORD_VERSION);
  const single = VECTORS.filter(({ name }) => name === 'record').slice(0, 3);
  expect(hex(frame)).toBe(single.map((record) => hex(record.frame)).join(''));
});

test('P21 the document’s chunk holds the records shown below it', () => {
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
