/**
 * A journal that has filled its disk: the hold ends without intervention when enough is trimmed, and nothing is lost
 * at a power cut meanwhile.
 */
import { expect, test } from 'bun:test';
import type { DiskCall } from '../../../../test/support/disks/disk.simulated.ts';
import {
  type JournalFixture,
  appendText,
  createJournalFixture,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { type Journal, type JournalLimits, RETENTION_MS } from '../room-log.journal.ts';
import { EMPTY_HEAD } from '../room-log.ts';

const MINUTE = 60_000;
/** Its commit is as long as a probe, so none fits into the space left at a hold. */
const TEXT = 'x'.repeat(1_200);
/** 5 % of the disk. */
const RESERVE_BYTES = 5_000;
const DISK_BYTES = 20 * RESERVE_BYTES;
/** The retention time and the next sweep. */
const FREE_AFTER_MS = RETENTION_MS + 2 * MINUTE;

interface Play {
  readonly fixture: JournalFixture;
  readonly journal: Journal;
  readonly states: string[];
  /** Committed texts, oldest first. */
  readonly texts: string[];
}

const LIMITS: Partial<JournalLimits> = { reserveBytes: RESERVE_BYTES };
/** The first segment would be longer than the disk. */
const ONE_SEGMENT: Partial<JournalLimits> = { ...LIMITS, segmentBytes: 2 * DISK_BYTES };

async function append({ fixture, journal, texts }: Play, text: string): Promise<boolean> {
  const outcome = await fixture.world.until(appendText(journal, 'a', 5, texts.length, text));
  if (outcome === 'committed') texts.push(text);
  return outcome === 'committed';
}

/** Appends until the journal is on hold. */
async function filled(
  limits: Partial<JournalLimits>,
  onCall?: (call: DiskCall) => void,
  text = TEXT,
): Promise<Play> {
  const fixture = createJournalFixture(1, {
    injectFault(call) {
      onCall?.(call);
      return null;
    },
    delayMs: () => 1,
  });
  fixture.disk.setCapacity(DISK_BYTES);
  const journal = await fixture.open(limits);
  const play: Play = { fixture, journal, states: [], texts: [] };
  journal.onState((state) => play.states.push(state));
  await openRoom(fixture, journal, 'a', 5);
  while (await append(play, `${play.texts.length} ${text}`));
  expect(play.texts.length).toBeGreaterThan(30);
  expect(play.states).toEqual(['hold']);
  return play;
}

test('a hold ends when everything is trimmed', async () => {
  const play = await filled(LIMITS);
  const full = await segmentsOf(play.fixture);
  expect(full.length).toBeGreaterThan(3);
  await play.fixture.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold']);
  await play.journal.trim('a', play.texts.length);
  await play.fixture.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold', 'serving']);
  for (let more = 0; more < 10; more++) expect(await append(play, `later ${TEXT}`)).toBe(true);
  play.fixture.powerCut('everything');
  expect((await textsOf(await play.fixture.open(LIMITS), 'a')).length).toBe(10);
});

test('a hold ends when one segment has no live entries left', async () => {
  const play = await filled(LIMITS);
  const archived = 10;
  await play.journal.trim('a', archived);
  await play.fixture.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold', 'serving']);
  expect(await append(play, 'at last')).toBe(true);
  play.fixture.powerCut('everything');
  expect(await textsOf(await play.fixture.open(LIMITS), 'a')).toEqual(play.texts.slice(archived));
});

test('a hold ends on a disk without space for a second segment', async () => {
  const play = await filled(ONE_SEGMENT);
  expect((await segmentsOf(play.fixture)).length).toBe(1);
  await play.journal.trim('a', play.texts.length - 1);
  await play.fixture.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold']);
  await play.journal.trim('a', play.texts.length);
  await play.fixture.world.advance(FREE_AFTER_MS);
  const before = play.texts.length;
  while (await append(play, `${play.texts.length} ${TEXT}`));
  expect(play.texts.length - before).toBeGreaterThan(20);
  play.fixture.powerCut('everything');
  expect(await textsOf(await play.fixture.open(ONE_SEGMENT), 'a')).toEqual(play.texts.slice(before));
});

test('on hold trims are written only when a segment has no live entries left: little of the reserve is used', async () => {
  const play = await filled(LIMITS);
  const free = async () => (await play.fixture.world.until(play.fixture.disk.space('journal'))).freeBytes;
  for (let upto = 1; upto <= play.texts.length; upto++) {
    await play.journal.trim('a', upto);
    await play.fixture.world.advance(1_000);
  }
  expect(await free()).toBeGreaterThan(RESERVE_BYTES / 2);
  expect(play.states).toEqual(['hold']);
  await play.fixture.world.advance(FREE_AFTER_MS);
  expect(await free()).toBeGreaterThan(RESERVE_BYTES);
});

test('on a disk that others have filled completely the hold stays, and ends once trims can be written', async () => {
  // One sector each: no allocated space is left.
  const play = await filled(LIMITS, undefined, 'small');
  play.fixture.disk.setCapacity(play.fixture.disk.usedBytes());
  await play.journal.trim('a', play.texts.length);
  await play.fixture.world.advance(2 * FREE_AFTER_MS);
  expect(play.states).toEqual(['hold']);
  play.fixture.disk.setCapacity(play.fixture.disk.usedBytes() + 512);
  await play.fixture.world.advance(FREE_AFTER_MS);
  expect(play.states).toEqual(['hold', 'serving']);
});

/** Trims everything on the full disk, with a power cut at `cutAt` if given. Returns the times of all disk calls. */
async function archivedUntil(limits: Partial<JournalLimits>, cutAt?: number, loss?: 'everything' | 'random') {
  const calls = new Set<number>();
  let fixture: JournalFixture | null = null;
  const play = await filled(limits, () => {
    if (fixture) calls.add(fixture.world.clock.mono());
  });
  ({ fixture } = play);
  const began = fixture.world.clock.mono();
  const archived = play.texts.length;
  await play.journal.trim('a', archived);
  await fixture.world.advance((cutAt ?? began + FREE_AFTER_MS) - began);
  if (loss) fixture.powerCut(loss);
  return { play, archived, calls: [...calls] };
}

for (const [what, limits] of [
  ['several segments', LIMITS],
  ['one segment', ONE_SEGMENT],
] as const) {
  test(`with ${what}: a power cut at any disk call while space is freed loses nothing, and the hold still ends`, async () => {
    const { calls } = await archivedUntil(limits);
    expect(calls.length).toBeGreaterThan(20);
    for (const cutAt of calls) {
      for (const loss of ['everything', 'random'] as const) {
        const { play, archived } = await archivedUntil(limits, cutAt + 0.5, loss);
        const journal = await play.fixture.open(limits);
        const live = await textsOf(journal, 'a');
        // A trim that was not durable is undone as a whole.
        expect([cutAt, loss, [0, archived].includes(live.length)]).toEqual([cutAt, loss, true]);
        expect(live).toEqual(play.texts.slice(archived - live.length));
        await journal.trim('a', archived);
        // More fences than fit into the allocated space.
        for (let epoch = 6, refused = 0; epoch < 26; epoch++) {
          const { ok } = await play.fixture.world.until(journal.open('a', epoch, EMPTY_HEAD));
          refused = ok ? 0 : refused + 1;
          expect([cutAt, loss, refused < 2]).toEqual([cutAt, loss, true]);
          if (!ok) await play.fixture.world.advance(FREE_AFTER_MS);
        }
      }
    }
  }, 120_000);
}
