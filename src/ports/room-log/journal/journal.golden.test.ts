/**
 * The segment format does not change: `journal.golden.txt` has two segments as rows of 16 bytes in hex: segment,
 * offset, bytes (without rows of zeros). If this fails, existing journals cannot be read: raise FORMAT and keep
 * reading the old format.
 */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DIRECTORY,
  createJournalFixture,
  openRoom,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { EntryReader, type DecodedRun, writeMoved } from './entries.ts';
import type { Journal } from '../room-log.journal.ts';
import { RoomNames } from './room-names.ts';
import { EMPTY_HEAD } from '../room-log.ts';
import { NOT_ACTIVE, decodeSegmentHeader, encodeSegmentHeader, segmentName } from './segment.ts';

const ROW = 16;
const SEGMENT_BYTES = 4_096;

function rowsOf(segment: number, bytes: Uint8Array): readonly string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.subarray(at, at + ROW);
    if (row.some((byte) => byte !== 0)) {
      rows.push(`${segment} ${at.toString(16).padStart(4, '0')} ${Buffer.from(row).toString('hex')}`);
    }
  }
  return rows;
}

function golden(): readonly string[] {
  return readFileSync(join(import.meta.dir, 'journal.golden.txt'), 'utf8')
    .trim()
    .split('\n');
}

function bytesOf(segment: number): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_BYTES);
  for (const row of golden()) {
    const [number, at, hex] = row.split(' ');
    if (Number(number) === segment) bytes.set(Buffer.from(hex!, 'hex'), Number.parseInt(at!, 16));
  }
  return bytes;
}

function append(journal: Journal, room: string, epoch: number, prevSeq: number, text: string) {
  const seq = prevSeq + 1;
  const records = new TextEncoder().encode(text);
  return journal.append({ room, epoch, prevSeq, lastSeq: seq, lastMs: seq, records });
}

async function liveText(journal: Journal, room: string): Promise<string> {
  const runs = await journal.read(room, 0, Number.MAX_SAFE_INTEGER);
  return runs.map(({ records }) => new TextDecoder().decode(records)).join(', ');
}

/** Entries of every type except `moved`, in two segments. */
async function writeSegments(): Promise<readonly string[]> {
  const fixture = createJournalFixture(42);
  const journal = await fixture.open({ segmentBytes: SEGMENT_BYTES, stepBytes: 1_024 });
  const epoch = 1_800_000_000;
  await openRoom(fixture, journal, 'lobby', epoch);
  await fixture.world.until(append(journal, 'lobby', epoch, 0, 'first'));
  const records = new TextEncoder().encode('many');
  const many = { room: 'lobby', epoch, prevSeq: 1, lastSeq: 300, lastMs: 9_000_000_000, records };
  await fixture.world.until(journal.append(many));
  await fixture.world.until(journal.open('attic', 7, { epoch: 3, seq: 200, ms: 5_000 }));
  await journal.trim('lobby', 1);
  await fixture.world.advance(5_000);
  await fixture.world.until(append(journal, 'attic', 7, 200, 'in the first'));
  await fixture.world.until(append(journal, 'attic', 7, 201, 'in the second'));
  return [1, 2].flatMap((number) =>
    rowsOf(number, fixture.disk.peek(`${DIRECTORY}/${segmentName(number)}`)!),
  );
}

test('segments are written exactly as in the golden file', async () => {
  expect(await writeSegments()).toEqual(golden());
});

test('segments of the golden file are read', async () => {
  const fixture = createJournalFixture(43);
  for (const number of [1, 2]) fixture.disk.putFile(`${DIRECTORY}/${segmentName(number)}`, bytesOf(number));
  const journal = await fixture.open();
  expect(journal.boot).toBe(2);
  expect(await liveText(journal, 'lobby')).toBe('many');
  expect(await liveText(journal, 'attic')).toBe('in the first, in the second');
  const head = { epoch: 1_800_000_000, seq: 300, ms: 9_000_000_000 };
  expect(await journal.liveRooms()).toEqual([
    { room: 'lobby', head, trimmed: 1, bytes: 4, oldestAt: 0 },
    { room: 'attic', head: { epoch: 7, seq: 202, ms: 202 }, trimmed: 200, bytes: 25, oldestAt: 0 },
  ]);
  expect(await fixture.world.until(journal.open('lobby', head.epoch, EMPTY_HEAD))).toMatchObject({
    why: 'fenced',
    epoch: head.epoch,
  });
});

test('the encoding of a moved entry does not change', () => {
  const hex = '06056c6f626279ab0202046d616e79';
  const bytes = new Uint8Array(hex.length / 2);
  const run = { first: 300, last: 301, records: new TextEncoder().encode('many') };
  expect(writeMoved(bytes, 0, 'lobby', run)).toBe(bytes.length);
  expect(bytes.toHex()).toBe(hex);
  const read: unknown[] = [];
  const no = () => false;
  const moved = (room: string, { prevSeq, lastSeq, start, end }: DecodedRun) =>
    read.push([room, prevSeq, lastSeq, start, end]) > 0;
  const visitor = { fence: no, append: no, trim: no, snapshot: no, room: no, moved };
  expect(new EntryReader(new RoomNames()).read(bytes, visitor)).toBe(true);
  expect(read).toEqual([['lobby', 299, 301, 11, 15]]);
});

test('the header of a preallocated segment does not change', () => {
  const header = {
    boot: 3,
    number: 9,
    firstCommit: NOT_ACTIVE,
    salt: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]),
  };
  const sector = encodeSegmentHeader(header);
  expect(sector.subarray(0, 44).toHex()).toBe(
    '45534341504c4f47010000000300000009000000000000000000000000000000010203040506070800000000',
  );
  expect(decodeSegmentHeader(sector)).toEqual({ ok: true, header });
});
