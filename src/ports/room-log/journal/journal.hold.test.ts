/**
 * A journal that has filled its disk by itself: the hold ends when the archive has taken enough, with
 * nobody's help, and nothing is lost whenever the power goes meanwhile.
 */
import { expect, test } from 'bun:test';
import type { DiskCall } from '../../../../test/support/disks/disk.simulated.ts';
import {
  type JournalBench,
  appendText,
  createJournalBench,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { type Journal, type JournalLimits, KEEP_MS } from '../room-log.journal.ts';
import { EMPTY_HEAD } from '../room-log.ts';

const MINUTE = 60_000;
/** Its commit is as long as what the journal looks for before a hold ends: none fits into what is left then. */
const TEXT = 'x'.repeat(1_200);
/** Of so small a disk the reserve is a twentieth. */
const RESERVE_BYTES = 5_000;
const DISK_BYTES = 20 * RESERVE_BYTES;
/** Retiring waits so long for backups, then for the next sweep. */
const FREE_AFTER_MS = KEEP_MS + 2 * MINUTE;

interface Play {
  readonly bench: JournalBench;
  readonly journal: Journal;
  readonly states: string[];
  /** All that was committed, oldest first. */
  readonly texts: string[];
}

const LIMITS: Partial<JournalLimits> = { reserveBytes: RESERVE_BYTES };
/** The disk ends before the first segment does. */
const ONE_SEGMENT: Partial<JournalLimits> = { ...LIMITS, segmentBytes: 2 * DISK_BYTES };

async function append({ bench, journal, texts }: Play, text: string): Promise<boolean> {
  const outcome = await bench.world.until(appendText(journal, 'a', 5, texts.length, text));
  if (outcome === 'committed') texts.push(text);
  return outcome === 'committed';
}

/** Until it holds. */
async function filled(
  limits: Partial<JournalLimits>,
  onCall?: (call: DiskCall) => void,
  text = TEXT,
): Promise<Play> {
  const bench = createJournalBench(1, {
    trouble(call) {
      onCall?.(call);
      return null;
    },
    delayMs: () => 1,
  });
  bench.disk.setCapacity(DISK_BYTES);
  const journal = await bench.open(limits);
  const play: Play = { bench, journal, states: [], texts: [] };
  journal.onState((state) => play.states.push(state));
  await openRoom(bench, journal, 'a', 5);
  while (await append(play, `${play.texts.length} ${text}`));
  expect(play.texts.length).toBeGreaterThan(30);
  expect(play.states).toEqual(['hold']);
  return play;
}

test('a hold ends by itself when the archive has taken everything', async () => {
  const play = await filled(LIMITS);
  const full = await segmentsOf(play.bench);
  expect(full.length).toBeGreaterThan(3);
  await play.bench.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold']);
  await play.journal.trim('a', play.texts.length);
  await play.bench.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold', 'serving']);
  for (let more = 0; more < 10; more++) expect(await append(play, `later ${TEXT}`)).toBe(true);
  play.bench.cut('everything');
  expect((await textsOf(await play.bench.open(LIMITS), 'a')).length).toBe(10);
});

test('a hold ends when the archive has taken what empties one segment', async () => {
  const play = await filled(LIMITS);
  const archived = 10;
  await play.journal.trim('a', archived);
  await play.bench.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold', 'serving']);
  expect(await append(play, 'at last')).toBe(true);
  play.bench.cut('everything');
  expect(await textsOf(await play.bench.open(LIMITS), 'a')).toEqual(play.texts.slice(archived));
});

test('a hold ends by itself where the disk has no place for a second segment', async () => {
  const play = await filled(ONE_SEGMENT);
  expect((await segmentsOf(play.bench)).length).toBe(1);
  await play.journal.trim('a', play.texts.length - 1);
  await play.bench.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold']);
  await play.journal.trim('a', play.texts.length);
  await play.bench.world.advance(FREE_AFTER_MS);
  const before = play.texts.length;
  while (await append(play, `${play.texts.length} ${TEXT}`));
  expect(play.texts.length - before).toBeGreaterThan(20);
  play.bench.cut('everything');
  expect(await textsOf(await play.bench.open(ONE_SEGMENT), 'a')).toEqual(play.texts.slice(before));
});

test('trims are written on hold only when they have emptied a segment: of the reserve little is taken', async () => {
  const play = await filled(LIMITS);
  const free = async () => (await play.bench.world.until(play.bench.disk.space('journal'))).freeBytes;
  for (let upto = 1; upto <= play.texts.length; upto++) {
    await play.journal.trim('a', upto);
    await play.bench.world.advance(1_000);
  }
  expect(await free()).toBeGreaterThan(RESERVE_BYTES / 2);
  expect(play.states).toEqual(['hold']);
  await play.bench.world.advance(FREE_AFTER_MS);
  expect(await free()).toBeGreaterThan(RESERVE_BYTES);
});

test('on a disk that others have filled to the last byte it holds on, and ends once trims can be written', async () => {
  // One sector each: of what was taken nothing is left.
  const play = await filled(LIMITS, undefined, 'small');
  play.bench.disk.setCapacity(play.bench.disk.usedBytes());
  await play.journal.trim('a', play.texts.length);
  await play.bench.world.advance(2 * FREE_AFTER_MS);
  expect(play.states).toEqual(['hold']);
  play.bench.disk.setCapacity(play.bench.disk.usedBytes() + 512);
  await play.bench.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold', 'serving']);
});

/** Archives everything on the full disk; answers when the disk was called, and cuts at `cutAt` if that is given. */
async function archivedUntil(limits: Partial<JournalLimits>, cutAt?: number, loss?: 'everything' | 'random') {
  const calls = new Set<number>();
  let bench: JournalBench | null = null;
  const play = await filled(limits, () => {
    if (bench) calls.add(bench.world.clock.mono());
  });
  ({ bench } = play);
  const began = bench.world.clock.mono();
  const archived = play.texts.length;
  await play.journal.trim('a', archived);
  await bench.world.advance((cutAt ?? began + FREE_AFTER_MS) - began);
  if (loss) bench.cut(loss);
  return { play, archived, calls: [...calls] };
}

for (const [what, limits] of [
  ['several segments', LIMITS],
  ['one segment', ONE_SEGMENT],
] as const) {
  test(`with ${what}: a cut at any call of the disk while it makes space loses nothing, and the hold still ends`, async () => {
    const { calls } = await archivedUntil(limits);
    expect(calls.length).toBeGreaterThan(20);
    for (const cutAt of calls) {
      for (const loss of ['everything', 'random'] as const) {
        const { play, archived } = await archivedUntil(limits, cutAt + 0.5, loss);
        const journal = await play.bench.open(limits);
        const live = await textsOf(journal, 'a');
        // A trim that was not written down brings back what the archive has, whole.
        expect([cutAt, loss, [0, archived].includes(live.length)]).toEqual([cutAt, loss, true]);
        expect(live).toEqual(play.texts.slice(archived - live.length));
        await journal.trim('a', archived);
        // More than what is left of the space that was taken before.
        for (let epoch = 6, refused = 0; epoch < 26; epoch++) {
          const { ok } = await play.bench.world.until(journal.open('a', epoch, EMPTY_HEAD));
          refused = ok ? 0 : refused + 1;
          expect([cutAt, loss, refused < 2]).toEqual([cutAt, loss, true]);
          if (!ok) await play.bench.world.advance(FREE_AFTER_MS);
        }
      }
    }
  }, 120_000);
}
