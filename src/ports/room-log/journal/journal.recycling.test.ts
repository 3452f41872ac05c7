/** Recycled segments: old commits in them are never read as new ones, after any power cut or torn write. */
import { expect, test } from 'bun:test';
import type { DiskCall } from '../../../../test/support/disks/disk.simulated.ts';
import {
  DIRECTORY,
  type JournalFixture,
  appendText,
  createJournalFixture,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import type { Journal } from '../room-log.journal.ts';
import { COMMIT_HEADER_BYTES, SECTOR, decodeSegmentHeader, segmentName } from './segment.ts';

const MINUTE = 60_000;
/** Its commit takes two sectors. */
const LONG = 'x'.repeat(900);

interface Play {
  readonly fixture: JournalFixture;
  readonly journal: Journal;
  /** Committed texts, oldest first. */
  readonly texts: string[];
  /** The last text appended, committed or not. */
  last: string;
  archived: number;
}

async function played(fixture: JournalFixture, limits = {}): Promise<Play> {
  const journal = await fixture.open(limits);
  await openRoom(fixture, journal, 'a', 5);
  return { fixture, journal, texts: [], last: '', archived: 0 };
}

async function append(play: Play, text: string): Promise<void> {
  play.last = text;
  const outcome = await appendText(play.journal, 'a', 5, play.texts.length, text);
  if (outcome !== 'committed') throw new Error(`the append was ${outcome}`);
  play.texts.push(text);
}

/** Appends until `segment` is active. */
async function fillTo(play: Play, segment: number): Promise<void> {
  while ((await segmentsOf(play.fixture)).at(-1)! < segmentName(segment)) {
    await play.fixture.world.until(append(play, `${play.texts.length} ${LONG}`));
  }
}

/** Trims everything and waits until the segments are spares. */
async function archiveAll(play: Play): Promise<void> {
  play.archived = play.texts.length;
  await play.journal.trim('a', play.archived);
  await play.fixture.world.advance(13 * MINUTE);
}

const spares = async ({ fixture }: Play) =>
  (await fixture.world.until(fixture.disk.list(DIRECTORY))).filter((name) => name.endsWith('.spare'));

/** Restarts: the journal must have all committed entries that are not archived, and possibly the last one. */
async function compare(play: Play, what: string): Promise<void> {
  const journal = await play.fixture.open();
  const found = await textsOf(journal, 'a');
  const live = (await journal.liveRooms())[0];
  const all = [...play.texts.slice(0, live?.trimmed ?? play.archived), ...found];
  if (all.length > play.texts.length) expect([what, all.pop()]).toEqual([what, play.last]);
  expect([what, all]).toEqual([what, play.texts]);
  expect(live?.trimmed ?? 0).toBeLessThanOrEqual(play.archived);
  await journal.close();
}

test('a segment that is not needed is kept and becomes the next one; at most two are kept', async () => {
  const play = await played(createJournalFixture(1));
  await fillTo(play, 5);
  await archiveAll(play);
  expect(await segmentsOf(play.fixture)).toEqual([segmentName(5)]);
  expect((await spares(play)).length).toBe(2);
  const used = play.fixture.disk.usedBytes();
  // Two segments are preallocated from them.
  await fillTo(play, 7);
  expect(await spares(play)).toEqual([]);
  // The last segment was not fully allocated before.
  expect(play.fixture.disk.usedBytes() - used).toBeLessThan(16_384);
  const bytes = play.fixture.disk.peek(`${DIRECTORY}/${segmentName(7)}`)!;
  expect(new TextDecoder().decode(bytes)).toContain(` ${LONG}`);
  play.fixture.powerCut('everything');
  await compare(play, 'after a power cut');
});

test('a segment is recycled only after 10 minutes without change', async () => {
  const play = await played(createJournalFixture(1));
  await fillTo(play, 4);
  const before = play.fixture.disk.peek(`${DIRECTORY}/${segmentName(1)}`);
  await play.journal.trim('a', play.texts.length);
  await play.fixture.world.advance(9 * MINUTE);
  await fillTo(play, 6);
  expect(play.fixture.disk.peek(`${DIRECTORY}/${segmentName(1)}`)).toEqual(before);
  expect(await spares(play)).toEqual([]);
});

test('below the reserve spares are removed, and none is kept', async () => {
  const fixture = createJournalFixture(1);
  const play = await played(fixture, { reserveBytes: 1_000_000 });
  await fillTo(play, 5);
  await archiveAll(play);
  expect((await spares(play)).length).toBe(2);
  fixture.disk.setCapacity(fixture.disk.usedBytes() + 1_000);
  await fixture.world.advance(2 * MINUTE);
  expect(await spares(play)).toEqual([]);
});

test('spares that were removed by hand are not needed', async () => {
  const play = await played(createJournalFixture(1));
  await fillTo(play, 5);
  await archiveAll(play);
  for (const name of await spares(play)) await play.fixture.disk.remove(`${DIRECTORY}/${name}`);
  await fillTo(play, 8);
  expect(play.fixture.fatalErrors).toEqual([]);
  play.fixture.powerCut('everything');
  await compare(play, 'after a power cut');
});

test('a sweep that fails is repeated, and nothing is lost', async () => {
  let isBroken = false;
  const injectFault = ({ kind }: DiskCall) =>
    isBroken && (kind === 'rename' || kind === 'space') ? { fault: 'failed' as const } : null;
  const play = await played(createJournalFixture(1, { injectFault }));
  await fillTo(play, 5);
  isBroken = true;
  await archiveAll(play);
  isBroken = false;
  await play.fixture.world.advance(2 * MINUTE);
  expect(await segmentsOf(play.fixture)).toEqual([segmentName(5)]);
  expect(play.fixture.fatalErrors).toEqual([]);
  play.fixture.powerCut('everything');
  await compare(play, 'after a power cut');
});

test('a failed sync of the folder in a sweep is not retried: fatal once, and nothing is lost', async () => {
  let isBroken = false;
  let met = 0;
  const injectFault = ({ kind }: DiskCall) => {
    if (!isBroken || kind !== 'syncDirectory') return null;
    met++;
    return { fault: 'failed' as const };
  };
  const play = await played(createJournalFixture(1, { injectFault }));
  await fillTo(play, 5);
  isBroken = true;
  await archiveAll(play);
  isBroken = false;
  expect([met, play.fixture.fatalErrors.length]).toEqual([1, 1]);
  // The names on the disk are unknown, so nothing more is written.
  expect(await play.fixture.world.until(appendText(play.journal, 'a', 5, play.texts.length, LONG))).toBe(
    'refused',
  );
  await play.fixture.world.advance(5 * MINUTE);
  expect([met, play.fixture.fatalErrors.length]).toEqual([1, 1]);
  play.fixture.powerCut('random');
  await compare(play, 'after a power cut');
});

/** A journal in a recycled segment with old commits: its bytes before and after the last commit. */
async function inRecycledSpace() {
  const play = await played(createJournalFixture(1));
  await fillTo(play, 4);
  await archiveAll(play);
  await fillTo(play, 6);
  await play.fixture.world.until(append(play, 'second to last'));
  const path = `${DIRECTORY}/${segmentName(6)}`;
  const before = play.fixture.disk.peek(path)!;
  await play.fixture.world.until(append(play, `last ${'y'.repeat(1_300)}`));
  const after = play.fixture.disk.peek(path)!;
  const at = before.findIndex((byte, index) => byte !== after[index]);
  const start = at - (at % SECTOR);
  // It overwrites old commits, not zeros.
  expect(before.subarray(start, start + 3 * SECTOR).some((byte) => byte !== 0)).toBe(true);
  const others = new Map<string, Uint8Array>();
  for (const name of await segmentsOf(play.fixture)) {
    others.set(`${DIRECTORY}/${name}`, play.fixture.disk.peek(`${DIRECTORY}/${name}`)!);
  }
  return { play, path, before, after, start, others };
}

test('a last commit torn at any byte over old commits loses only that commit', async () => {
  const { play, path, before, after, start, others } = await inRecycledSpace();
  const without = play.texts.slice(play.archived, -1);
  const payloadEnd = start + COMMIT_HEADER_BYTES + new DataView(after.buffer).getUint32(start + 16, true);
  for (let torn = start; torn < start + 3 * SECTOR; torn += torn - start < 48 || torn % SECTOR < 4 ? 1 : 31) {
    const mixed = before.slice();
    mixed.set(after.subarray(start, torn), start);
    const fixture = createJournalFixture(3);
    for (const [name, bytes] of others) fixture.disk.putFile(name, name === path ? mixed : bytes);
    const journal = await fixture.open();
    const expected = torn >= payloadEnd ? play.texts.slice(play.archived) : without;
    expect([torn, (await textsOf(journal, 'a')).length]).toEqual([torn, expected.length]);
    // Appending continues there, and the torn commit is not recovered later.
    await openRoomAgain(fixture, journal);
    fixture.powerCut('everything');
    expect(await textsOf(await fixture.open(), 'a')).toEqual(expected);
  }
}, 30_000);

async function openRoomAgain(fixture: JournalFixture, journal: Journal): Promise<void> {
  const outcome = await fixture.world.until(journal.open('a', 6, { epoch: 0, seq: 0, ms: 0 }));
  expect(outcome.ok).toBe(true);
}

test('every combination of sectors of the last commit over old commits loses only that commit', async () => {
  const { play, path, before, after, start, others } = await inRecycledSpace();
  for (let written = 0; written < 7; written++) {
    const mixed = before.slice();
    for (let sector = 0; sector < 3; sector++) {
      const at = start + sector * SECTOR;
      if (written & (1 << sector)) mixed.set(after.subarray(at, at + SECTOR), at);
    }
    const fixture = createJournalFixture(3);
    for (const [name, bytes] of others) fixture.disk.putFile(name, name === path ? mixed : bytes);
    expect([written, await textsOf(await fixture.open(), 'a')]).toEqual([
      written,
      play.texts.slice(play.archived, -1),
    ]);
  }
});

test('old commits are distinguished by their numbers even if they have the same salt', async () => {
  const { play, path, after, start, others } = await inRecycledSpace();
  const outcome = decodeSegmentHeader(after);
  if (!outcome.ok) throw new Error('no segment');
  // Gives all remaining old commits the salt of the new segment and a valid checksum.
  const forged = after.slice();
  const view = new DataView(forged.buffer);
  for (let at = start + 3 * SECTOR; at < forged.length; at += SECTOR) {
    const isCommit = Bun.hash.crc32(forged.subarray(at, at + 28)) === view.getUint32(at + 28, true);
    if (!isCommit) continue;
    forged.set(outcome.header.salt, at);
    view.setUint32(at + 28, Bun.hash.crc32(forged.subarray(at, at + 28)), true);
  }
  expect(Buffer.compare(forged, after)).not.toBe(0);
  const fixture = createJournalFixture(3);
  for (const [name, bytes] of others) fixture.disk.putFile(name, name === path ? forged : bytes);
  expect(await textsOf(await fixture.open(), 'a')).toEqual(play.texts.slice(play.archived));
});

/** Duration of each disk call: power cuts at every multiple meet every step. */
const CALL_MS = 1;
const SWEEP_WITHIN_MS = 50;

/** Recycles segments and rolls to two of them; cuts the power after `ms`. Returns whether all was done before. */
async function powerCutAfter(ms: number, loss: 'everything' | 'random'): Promise<boolean> {
  const play = await played(createJournalFixture(ms + 1, { delayMs: () => CALL_MS }));
  await fillTo(play, 4);
  play.archived = play.texts.length - 2;
  await play.journal.trim('a', play.archived);
  // Shortly before the sweep that finds the segments; the appends follow it.
  await play.fixture.world.advance(11 * MINUTE - play.fixture.world.clock.mono());
  let done = false;
  const on = async (): Promise<void> => {
    await new Promise<void>((resolve) => play.fixture.world.timers.after(SWEEP_WITHIN_MS, resolve));
    expect((await spares(play)).length).toBe(2);
    for (let more = 0; more < 34; more++) await append(play, `${play.texts.length} ${LONG}`);
    done = true;
  };
  let failed: unknown = null;
  on().catch((error: unknown) => (failed = error));
  await play.fixture.world.advance(ms);
  expect(failed).toBeNull();
  const finished = done;
  play.fixture.powerCut(loss);
  await compare(play, `power cut after ${ms} ms, ${loss}`);
  return finished;
}

test('a power cut at any step of recycling loses nothing and adds nothing', async () => {
  for (const loss of ['everything', 'random'] as const) {
    let ms = 0;
    while (!(await powerCutAfter(ms, loss))) ms += CALL_MS;
    expect(ms).toBeGreaterThan(SWEEP_WITHIN_MS + 34);
  }
}, 60_000);
