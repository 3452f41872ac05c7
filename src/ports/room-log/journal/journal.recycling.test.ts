/**
 * Segments that are used again: what stood in them is never read as new, whenever the power goes and
 * wherever a write is torn.
 */
import { expect, test } from 'bun:test';
import type { DiskCall } from '../../../../test/support/disks/disk.simulated.ts';
import {
  DIRECTORY,
  type JournalBench,
  appendText,
  createJournalBench,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import type { Journal } from '../room-log.journal.ts';
import { COMMIT_HEADER_BYTES, SECTOR, decodeSegmentHeader, segmentName } from './segment.ts';

const MINUTE = 60_000;
/** Takes two sectors. */
const LONG = 'x'.repeat(900);

interface Play {
  readonly bench: JournalBench;
  readonly journal: Journal;
  /** All that was committed, oldest first. */
  readonly texts: string[];
  /** What was asked for last, answered or not. */
  asked: string;
  archived: number;
}

async function played(bench: JournalBench, limits = {}): Promise<Play> {
  const journal = await bench.open(limits);
  await openRoom(bench, journal, 'a', 5);
  return { bench, journal, texts: [], asked: '', archived: 0 };
}

async function append(play: Play, text: string): Promise<void> {
  play.asked = text;
  const outcome = await appendText(play.journal, 'a', 5, play.texts.length, text);
  if (outcome !== 'committed') throw new Error(`the append was ${outcome}`);
  play.texts.push(text);
}

/** Appends until so many segments were begun in all. */
async function fillTo(play: Play, segment: number): Promise<void> {
  while ((await segmentsOf(play.bench)).at(-1)! < segmentName(segment)) {
    await play.bench.world.until(append(play, `${play.texts.length} ${LONG}`));
  }
}

/** Everything is in the archive, and the segments that held it are spares after this. */
async function retire(play: Play): Promise<void> {
  play.archived = play.texts.length;
  await play.journal.trim('a', play.archived);
  await play.bench.world.advance(13 * MINUTE);
}

const spares = async ({ bench }: Play) =>
  (await bench.world.until(bench.disk.list(DIRECTORY))).filter((name) => name.endsWith('.spare'));

/** What must be there after a restart: all that was committed and is not archived, perhaps what was under way. */
async function compare(play: Play, what: string): Promise<void> {
  const journal = await play.bench.open();
  const found = await textsOf(journal, 'a');
  const live = (await journal.liveRooms())[0];
  const all = [...play.texts.slice(0, live?.trimmed ?? play.archived), ...found];
  if (all.length > play.texts.length) expect([what, all.pop()]).toEqual([what, play.asked]);
  expect([what, all]).toEqual([what, play.texts]);
  expect(live?.trimmed ?? 0).toBeLessThanOrEqual(play.archived);
  await journal.close();
}

test('a segment that nothing needs is kept and becomes the next one; no more than two are kept', async () => {
  const play = await played(createJournalBench(1));
  await fillTo(play, 5);
  await retire(play);
  expect(await segmentsOf(play.bench)).toEqual([segmentName(5)]);
  expect((await spares(play)).length).toBe(2);
  const used = play.bench.disk.usedBytes();
  // One is prepared, then another one.
  await fillTo(play, 7);
  expect(await spares(play)).toEqual([]);
  // The last segment had not taken all of its space yet.
  expect(play.bench.disk.usedBytes() - used).toBeLessThan(16_384);
  const bytes = play.bench.disk.peek(`${DIRECTORY}/${segmentName(7)}`)!;
  expect(new TextDecoder().decode(bytes)).toContain(` ${LONG}`);
  play.bench.cut('everything');
  await compare(play, 'after a cut');
});

test('nothing is used again before it has lain untouched for 10 minutes', async () => {
  const play = await played(createJournalBench(1));
  await fillTo(play, 4);
  const before = play.bench.disk.peek(`${DIRECTORY}/${segmentName(1)}`);
  await play.journal.trim('a', play.texts.length);
  await play.bench.world.advance(9 * MINUTE);
  await fillTo(play, 6);
  expect(play.bench.disk.peek(`${DIRECTORY}/${segmentName(1)}`)).toEqual(before);
  expect(await spares(play)).toEqual([]);
});

test('below the reserve spares are given back, and none is kept', async () => {
  const bench = createJournalBench(1);
  const play = await played(bench, { reserveBytes: 1_000_000 });
  await fillTo(play, 5);
  await retire(play);
  expect((await spares(play)).length).toBe(2);
  bench.disk.setCapacity(bench.disk.usedBytes() + 1_000);
  await bench.world.advance(2 * MINUTE);
  expect(await spares(play)).toEqual([]);
});

test('spares that somebody has removed are done without', async () => {
  const play = await played(createJournalBench(1));
  await fillTo(play, 5);
  await retire(play);
  for (const name of await spares(play)) await play.bench.disk.remove(`${DIRECTORY}/${name}`);
  await fillTo(play, 8);
  expect(play.bench.fatal).toEqual([]);
  play.bench.cut('everything');
  await compare(play, 'after a cut');
});

test('a sweep that the disk fails is made again, and nothing is lost', async () => {
  let broken = false;
  const trouble = ({ kind }: DiskCall) =>
    broken && (kind === 'rename' || kind === 'space') ? { fault: 'failed' as const } : null;
  const play = await played(createJournalBench(1, { trouble }));
  await fillTo(play, 5);
  broken = true;
  await retire(play);
  broken = false;
  await play.bench.world.advance(2 * MINUTE);
  expect(await segmentsOf(play.bench)).toEqual([segmentName(5)]);
  expect(play.bench.fatal).toEqual([]);
  play.bench.cut('everything');
  await compare(play, 'after a cut');
});

test('a failed sync of the folder in a sweep is not tried again: fatal once, and nothing is lost', async () => {
  let broken = false;
  let met = 0;
  const trouble = ({ kind }: DiskCall) => {
    if (!broken || kind !== 'syncDirectory') return null;
    met++;
    return { fault: 'failed' as const };
  };
  const play = await played(createJournalBench(1, { trouble }));
  await fillTo(play, 5);
  broken = true;
  await retire(play);
  broken = false;
  expect([met, play.bench.fatal.length]).toEqual([1, 1]);
  // Whatever the names are on the disk: nothing is written under one of them any more.
  expect(await play.bench.world.until(appendText(play.journal, 'a', 5, play.texts.length, LONG))).toBe(
    'refused',
  );
  await play.bench.world.advance(5 * MINUTE);
  expect([met, play.bench.fatal.length]).toEqual([1, 1]);
  play.bench.cut('random');
  await compare(play, 'after a cut');
});

/** A journal that writes into a segment full of old commits: its bytes before and after the last commit. */
async function inRecycledSpace() {
  const play = await played(createJournalBench(1));
  await fillTo(play, 4);
  await retire(play);
  await fillTo(play, 6);
  await play.bench.world.until(append(play, 'second to last'));
  const path = `${DIRECTORY}/${segmentName(6)}`;
  const before = play.bench.disk.peek(path)!;
  await play.bench.world.until(append(play, `last ${'y'.repeat(1_300)}`));
  const after = play.bench.disk.peek(path)!;
  const at = before.findIndex((byte, index) => byte !== after[index]);
  const start = at - (at % SECTOR);
  // What it is written over are old commits, not zeros.
  expect(before.subarray(start, start + 3 * SECTOR).some((byte) => byte !== 0)).toBe(true);
  const others = new Map<string, Uint8Array>();
  for (const name of await segmentsOf(play.bench)) {
    others.set(`${DIRECTORY}/${name}`, play.bench.disk.peek(`${DIRECTORY}/${name}`)!);
  }
  return { play, path, before, after, start, others };
}

test('a last commit torn at any byte over old commits costs that commit only', async () => {
  const { play, path, before, after, start, others } = await inRecycledSpace();
  const without = play.texts.slice(play.archived, -1);
  const payloadEnd = start + COMMIT_HEADER_BYTES + new DataView(after.buffer).getUint32(start + 16, true);
  for (let torn = start; torn < start + 3 * SECTOR; torn += torn - start < 48 || torn % SECTOR < 4 ? 1 : 31) {
    const mixed = before.slice();
    mixed.set(after.subarray(start, torn), start);
    const bench = createJournalBench(3);
    for (const [name, bytes] of others) bench.disk.place(name, name === path ? mixed : bytes);
    const journal = await bench.open();
    const expected = torn >= payloadEnd ? play.texts.slice(play.archived) : without;
    expect([torn, (await textsOf(journal, 'a')).length]).toEqual([torn, expected.length]);
    // It goes on at that place, and the torn commit does not come back.
    await openRoomAgain(bench, journal);
    bench.cut('everything');
    expect(await textsOf(await bench.open(), 'a')).toEqual(expected);
  }
}, 30_000);

async function openRoomAgain(bench: JournalBench, journal: Journal): Promise<void> {
  const outcome = await bench.world.until(journal.open('a', 6, { epoch: 0, seq: 0, ms: 0 }));
  expect(outcome.ok).toBe(true);
}

test('every combination of sectors of the last commit over old commits costs that commit only', async () => {
  const { play, path, before, after, start, others } = await inRecycledSpace();
  for (let written = 0; written < 7; written++) {
    const mixed = before.slice();
    for (let sector = 0; sector < 3; sector++) {
      const at = start + sector * SECTOR;
      if (written & (1 << sector)) mixed.set(after.subarray(at, at + SECTOR), at);
    }
    const bench = createJournalBench(3);
    for (const [name, bytes] of others) bench.disk.place(name, name === path ? mixed : bytes);
    expect([written, await textsOf(await bench.open(), 'a')]).toEqual([
      written,
      play.texts.slice(play.archived, -1),
    ]);
  }
});

test('old commits are told from new ones by their numbers alone, should a salt ever come again', async () => {
  const { play, path, after, start, others } = await inRecycledSpace();
  const outcome = decodeSegmentHeader(after);
  if (!outcome.ok) throw new Error('no segment');
  // Everything that is left of old commits gets the salt of the new segment and a right checksum.
  const forged = after.slice();
  const view = new DataView(forged.buffer);
  for (let at = start + 3 * SECTOR; at < forged.length; at += SECTOR) {
    const isCommit = Bun.hash.crc32(forged.subarray(at, at + 28)) === view.getUint32(at + 28, true);
    if (!isCommit) continue;
    forged.set(outcome.header.salt, at);
    view.setUint32(at + 28, Bun.hash.crc32(forged.subarray(at, at + 28)), true);
  }
  expect(Buffer.compare(forged, after)).not.toBe(0);
  const bench = createJournalBench(3);
  for (const [name, bytes] of others) bench.disk.place(name, name === path ? forged : bytes);
  expect(await textsOf(await bench.open(), 'a')).toEqual(play.texts.slice(play.archived));
});

/** Each call of the disk takes this long: a cut at every multiple meets every step. */
const CALL_MS = 1;
const SWEEP_WITHIN_MS = 50;

/** Retires segments, prepares two of the spares, begins them; cut off after `ms`. */
async function cutAfter(ms: number, loss: 'everything' | 'random'): Promise<boolean> {
  const play = await played(createJournalBench(ms + 1, { delayMs: () => CALL_MS }));
  await fillTo(play, 4);
  play.archived = play.texts.length - 2;
  await play.journal.trim('a', play.archived);
  // The next sweep finds them; the appends come right behind it.
  await play.bench.world.advance(11 * MINUTE - play.bench.world.clock.mono());
  let done = false;
  const on = async (): Promise<void> => {
    await new Promise<void>((resolve) => play.bench.world.timers.after(SWEEP_WITHIN_MS, resolve));
    expect((await spares(play)).length).toBe(2);
    for (let more = 0; more < 34; more++) await append(play, `${play.texts.length} ${LONG}`);
    done = true;
  };
  let failed: unknown = null;
  on().catch((error: unknown) => (failed = error));
  await play.bench.world.advance(ms);
  expect(failed).toBeNull();
  const finished = done;
  play.bench.cut(loss);
  await compare(play, `cut after ${ms} ms, ${loss}`);
  return finished;
}

test('a cut at any step of using segments again loses nothing and invents nothing', async () => {
  for (const loss of ['everything', 'random'] as const) {
    let ms = 0;
    while (!(await cutAfter(ms, loss))) ms += CALL_MS;
    expect(ms).toBeGreaterThan(SWEEP_WITHIN_MS + 34);
  }
}, 60_000);
