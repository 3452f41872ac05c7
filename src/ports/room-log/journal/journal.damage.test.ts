/** Recovery of damaged journals: a torn last commit is dropped, all other damage is refused. */
import { expect, test } from 'bun:test';
import {
  DIRECTORY,
  appendText,
  createJournalFixture,
  openRoom,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { createSimulatedWorld } from '../../../../test/support/in-process/world.simulated.ts';
import { SECTOR, commitLength, decodeCommitHeader, decodeSegmentHeader, segmentName } from './segment.ts';

const FIRST = `${DIRECTORY}/${segmentName(1)}`;

interface Commit {
  readonly at: number;
  readonly payloadEnd: number;
  readonly end: number;
}

/** Finds the commits of a segment without the code under test. */
function commitsOf(bytes: Uint8Array): readonly Commit[] {
  const outcome = decodeSegmentHeader(bytes);
  if (!outcome.ok) throw new Error('no segment');
  const commits: Commit[] = [];
  for (let at = SECTOR; ; at = commits.at(-1)!.end) {
    const header = decodeCommitHeader(bytes, at, outcome.header.salt);
    if (!header) return commits;
    commits.push({
      at,
      payloadEnd: at + 32 + header.payloadLength,
      end: at + commitLength(header.payloadLength),
    });
  }
}

/** A segment: snapshot, fence of room `a`, then five commits with one entry each; the last one is long. */
async function written(): Promise<{
  bytes: Uint8Array;
  texts: readonly string[];
  commits: readonly Commit[];
}> {
  const fixture = createJournalFixture(1);
  const journal = await fixture.open();
  await openRoom(fixture, journal, 'a', 5);
  const texts = ['one', 'two', 'three', 'four', `five ${'.'.repeat(1_200)}`];
  for (const [seq, text] of texts.entries()) {
    expect(await fixture.world.until(appendText(journal, 'a', 5, seq, text))).toBe('committed');
  }
  const bytes = fixture.disk.peek(FIRST)!;
  const commits = commitsOf(bytes);
  expect(commits.length).toBe(2 + texts.length);
  return { bytes, texts, commits };
}

/** Opens a journal whose only segment is `bytes`. Returns the texts of room `a`, or the error code. */
async function reopened(
  bytes: Uint8Array,
  world = createSimulatedWorld(7),
): Promise<readonly string[] | string> {
  const fixture = createJournalFixture(3, {}, world);
  fixture.disk.putFile(FIRST, bytes);
  const outcome = await fixture.tryOpen();
  return outcome.ok ? textsOf(outcome.journal, 'a') : outcome.code;
}

/** Every offset from `from` to the end of the last commit; within padding only some. */
function* everyByte(from: number, commits: readonly Commit[]): Generator<number> {
  const isPadding = (at: number) =>
    (at > 48 && at < SECTOR) || commits.some((commit) => at > commit.payloadEnd && at < commit.end - 1);
  for (let at = from; at <= commits.at(-1)!.end; at++) if (!isPadding(at) || at % 16 === 0) yield at;
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

test('a segment truncated at any byte has exactly the commits before that byte', async () => {
  const { bytes, texts, commits } = await written();
  const [snapshot, , ...appends] = commits;
  for (const length of everyByte(snapshot!.end, commits)) {
    const whole = appends.filter((commit) => commit.payloadEnd <= length).length;
    expect([length, await reopened(bytes.subarray(0, length))]).toEqual([length, texts.slice(0, whole)]);
  }
}, 30_000);

test('zeros or noise from any byte of the last commit on lose only that commit', async () => {
  const { bytes, texts, commits } = await written();
  const last = commits.at(-1)!;
  for (const at of everyByte(last.at, commits)) {
    const expected = at >= last.payloadEnd ? texts : texts.slice(0, -1);
    const zeros = changed(bytes, (copy) => copy.fill(0, at));
    const noise = changed(bytes, (copy) => copy.fill(0xa5, at, last.end));
    expect([at, await reopened(zeros)]).toEqual([at, expected]);
    expect([at, await reopened(noise)]).toEqual([at, expected]);
  }
}, 30_000);

test('every combination of missing sectors of the last commit loses only that commit', async () => {
  const { bytes, texts, commits } = await written();
  const last = commits.at(-1)!;
  const sectors = (last.end - last.at) / SECTOR;
  expect(sectors).toBe(3);
  for (let missing = 1; missing < 2 ** sectors; missing++) {
    const torn = changed(bytes, (copy) => {
      for (let index = 0; index < sectors; index++) {
        const at = last.at + index * SECTOR;
        if (missing & (1 << index)) copy.fill(0, at, at + SECTOR);
      }
    });
    expect([missing, await reopened(torn)]).toEqual([missing, texts.slice(0, -1)]);
  }
});

test('a changed byte anywhere before the last commit is refused, except in padding', async () => {
  const { bytes, texts, commits } = await written();
  const meaningful = (at: number) =>
    at < 48 || (at >= SECTOR && commits.some((commit) => at >= commit.at && at < commit.payloadEnd));
  for (const at of everyByte(0, commits)) {
    if (at >= commits.at(-1)!.at) break;
    const damaged = changed(bytes, (copy) => (copy[at]! ^= 0x10));
    expect([at, await reopened(damaged)]).toEqual([at, meaningful(at) ? 'journal-damaged' : texts]);
  }
}, 30_000);

test('a commit overwritten with zeros before others is refused', async () => {
  const { bytes, commits } = await written();
  for (const commit of commits.slice(0, -1)) {
    expect(await reopened(changed(bytes, (copy) => copy.fill(0, commit.at, commit.end)))).toBe(
      'journal-damaged',
    );
  }
});

test('a refused journal is not changed', async () => {
  const { bytes, commits } = await written();
  const damaged = changed(bytes, (copy) => copy.fill(0, commits[3]!.at, commits[3]!.end));
  const fixture = createJournalFixture(3);
  fixture.disk.putFile(FIRST, damaged);
  expect(await fixture.tryOpen()).toMatchObject({ ok: false, code: 'journal-damaged' });
  expect(fixture.disk.peek(FIRST)).toEqual(damaged);
});

test("players' bytes that look like a commit after a torn one are not taken for a commit", async () => {
  const { bytes, commits } = await written();
  const last = commits.at(-1)!;
  const forged = changed(bytes, (copy) => {
    copy.fill(0, last.at, last.at + SECTOR);
    copy.set(bytes.subarray(commits[3]!.at, commits[3]!.payloadEnd), last.at + SECTOR);
    // Valid except for the salt, which players do not know.
    copy[last.at + SECTOR]! ^= 1;
  });
  expect((await reopened(forged)).length).toBe(4);
});

/** Three segments; room `a` has entries in each of them. */
async function threeSegments(): Promise<Map<string, Uint8Array>> {
  const fixture = createJournalFixture(1);
  const journal = await fixture.open();
  await openRoom(fixture, journal, 'a', 5);
  for (let seq = 0; seq < 60; seq++) {
    await fixture.world.until(appendText(journal, 'a', 5, seq, `${seq} ${'.'.repeat(300)}`));
  }
  const names = (await fixture.disk.list(DIRECTORY)).filter((name) => name.endsWith('.seg'));
  expect(names.length).toBe(3);
  return new Map(names.map((name) => [name, fixture.disk.peek(`${DIRECTORY}/${name}`)!]));
}

async function reopenedFiles(files: ReadonlyMap<string, Uint8Array>) {
  const fixture = createJournalFixture(3);
  for (const [name, bytes] of files) fixture.disk.putFile(`${DIRECTORY}/${name}`, bytes);
  return fixture.tryOpen();
}

test('only the last segment can have a torn commit: a missing last commit of another segment is refused', async () => {
  const files = await threeSegments();
  expect(await reopenedFiles(files)).toMatchObject({ ok: true });
  const bytes = files.get(segmentName(1))!;
  const last = commitsOf(bytes).at(-1)!;
  files.set(segmentName(1), bytes.subarray(0, last.at));
  expect(await reopenedFiles(files)).toMatchObject({ ok: false, code: 'journal-damaged' });
});

test('the snapshot of the last segment cannot be torn: damage to it is refused', async () => {
  const files = await threeSegments();
  const bytes = files.get(segmentName(3))!;
  const [snapshot] = commitsOf(bytes);
  for (let at = snapshot!.at; at < snapshot!.payloadEnd; at++) {
    // Nothing after it: the segment was just activated.
    const damaged = changed(bytes.subarray(0, snapshot!.end), (copy) => (copy[at]! ^= 0x10));
    files.set(segmentName(3), damaged);
    expect([at, await reopenedFiles(files)]).toMatchObject([at, { ok: false, code: 'journal-damaged' }]);
  }
});

test('a journal without a needed segment is refused', async () => {
  for (const missing of [1, 2]) {
    const files = await threeSegments();
    files.delete(segmentName(missing));
    const outcome = await reopenedFiles(files);
    expect(outcome).toMatchObject({ ok: false, code: 'journal-damaged' });
    if (!outcome.ok) expect(outcome.message).toContain('lacks entries of room a');
  }
});

test('a segment with the file name of another is refused', async () => {
  const files = await threeSegments();
  files.set(segmentName(2), files.get(segmentName(3))!);
  expect(await reopenedFiles(files)).toMatchObject({ ok: false, code: 'journal-damaged' });
});

test('a segment with a newer format is refused with that reason', async () => {
  const { bytes } = await written();
  const newer = changed(bytes, (copy) => {
    const view = new DataView(copy.buffer);
    view.setUint32(8, 2, true);
    view.setUint32(44, Bun.hash.crc32(copy.subarray(0, 44)), true);
  });
  expect(await reopened(newer)).toBe('journal-newer-format');
});
