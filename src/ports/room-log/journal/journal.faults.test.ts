/** Full disks, short writes and disk errors: results of the journal, and what is durable. */
import { describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiskCall, InjectedFault } from '../../../../test/support/disks/disk.simulated.ts';
import {
  DIRECTORY,
  appendText,
  createJournalFixture,
  openRoom,
  segmentsOf,
  textsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { lockFile } from '../../../lib/lock.real.ts';
import { realWorld } from '../../../lib/world.real.ts';
import { createRealDisk } from './disk.real.ts';
import { openJournal } from '../room-log.journal.ts';
import { type AppendOutcome, EMPTY_HEAD } from '../room-log.ts';
import { segmentName } from './segment.ts';

/** Injects `fault` into calls of these kinds while `isOn` is set. */
function createFaults(fault: InjectedFault, ...kinds: DiskCall['kind'][]) {
  const state = { isOn: false, count: 0 };
  return {
    state,
    injectFault(call: DiskCall) {
      if (!state.isOn || !kinds.includes(call.kind)) return null;
      state.count++;
      return fault;
    },
  };
}

async function started(seed: number, injectFault?: (call: DiskCall) => InjectedFault | null) {
  const fixture = createJournalFixture(seed, injectFault ? { injectFault } : {});
  const journal = await fixture.open();
  const states: string[] = [];
  journal.onState((state) => states.push(state));
  await openRoom(fixture, journal, 'a', 5);
  const append = (prevSeq: number, text: string): Promise<AppendOutcome> =>
    fixture.world.until(appendText(journal, 'a', 5, prevSeq, text));
  return { fixture, journal, states, append };
}

const LONG = '.'.repeat(3_000);

describe('a full disk', () => {
  test('appends are refused, nothing is lost, and appends succeed when there is space again', async () => {
    const { fixture, journal, states, append } = await started(1);
    fixture.disk.setCapacity(fixture.disk.usedBytes());
    let head = 0;
    while ((await append(head, `${head} ${LONG}`)) === 'committed') head++;
    expect(states).toEqual(['hold']);
    expect(await append(head, 'again')).toBe('refused');
    expect(await fixture.world.until(journal.open('b', 5, EMPTY_HEAD))).toEqual({
      ok: false,
      why: 'refused',
    });
    expect((await textsOf(journal, 'a')).length).toBe(head);

    await fixture.world.advance(60_000);
    expect(states).toEqual(['hold']);
    fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
    await fixture.world.advance(5_000);
    expect(states).toEqual(['hold', 'serving']);
    expect(await append(head, 'at last')).toBe('committed');
    fixture.powerCut('everything');
    const texts = await textsOf(await fixture.open(), 'a');
    expect(texts.length).toBe(head + 1);
    expect(texts.at(-1)).toBe('at last');
  });

  test('the disk is probed with a backoff of at most 5 seconds', async () => {
    const { fixture, append } = await started(1);
    fixture.disk.setCapacity(fixture.disk.usedBytes());
    for (let head = 0; (await append(head, LONG)) === 'committed'; head++);
    const calls = fixture.disk.calls;
    await fixture.world.advance(60_000);
    const probes = fixture.disk.calls - calls;
    expect(probes).toBeGreaterThan(10);
    expect(probes).toBeLessThan(20);
  });

  test('a disk with less space than a step is used up to the last commit that fits', async () => {
    const { fixture, append } = await started(1);
    fixture.disk.setCapacity(fixture.disk.usedBytes() + 1_500);
    let head = 0;
    while ((await append(head, 'x'.repeat(400))) === 'committed') head++;
    // One sector each: two of the first step are in use already, and two more fit into the space left.
    expect(head).toBe((4_096 - 1_024) / 512 + 2);
  });

  test('the journal goes on hold instead of using the reserve, and serves again when there is more space', async () => {
    const fixture = createJournalFixture(1);
    const journal = await fixture.open({ reserveBytes: 20_000 });
    const states: string[] = [];
    journal.onState((state) => states.push(state));
    await openRoom(fixture, journal, 'a', 5);
    const append = (seq: number) => fixture.world.until(appendText(journal, 'a', 5, seq, LONG));
    // So large that the reserve is not limited to 5 %.
    const others = 1_000_000;
    fixture.disk.putFile('elsewhere/file', new Uint8Array(others));
    fixture.disk.setCapacity(fixture.disk.usedBytes() + 50_000);
    let head = 0;
    while ((await append(head)) === 'committed') head++;
    expect(head).toBeGreaterThan(5);
    expect(states).toEqual(['hold']);
    const free = async () => (await fixture.world.until(fixture.disk.space(DIRECTORY))).freeBytes;
    expect(await free()).toBeGreaterThanOrEqual(20_000);
    // Others write into the reserve: the journal waits until it is free again.
    fixture.disk.putFile('elsewhere/more', new Uint8Array(15_000));
    await fixture.world.advance(60_000);
    expect(states).toEqual(['hold']);
    fixture.disk.putFile('elsewhere/more', new Uint8Array(0));
    fixture.disk.putFile('elsewhere/file', new Uint8Array(others / 2));
    await fixture.world.advance(5_000);
    expect(states).toEqual(['hold', 'serving']);
    expect(await append(head)).toBe('committed');
  });

  test('trims during a hold free memory and are written afterwards', async () => {
    const { fixture, journal, append } = await started(1);
    fixture.disk.setCapacity(fixture.disk.usedBytes());
    let head = 0;
    while ((await append(head, LONG)) === 'committed') head++;
    await journal.trim('a', head);
    expect(await journal.liveRooms()).toEqual([]);
    fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
    await fixture.world.advance(10_000);
    fixture.powerCut('everything');
    expect(await (await fixture.open()).liveRooms()).toEqual([]);
  });

  test('a segment is not removed while its trims could not be written', async () => {
    const { fixture, journal, append } = await started(1);
    let head = 0;
    while ((await segmentsOf(fixture)).length < 3) expect(await append(head++, LONG)).toBe('committed');
    fixture.disk.setCapacity(fixture.disk.usedBytes());
    while ((await append(head, LONG)) === 'committed') head++;
    // Up to the last sector: no trim fits.
    await fixture.world.advance(5_000);
    while ((await append(head, 'x')) === 'committed') head++;
    await journal.trim('a', head);
    await fixture.world.advance(30 * 60_000);
    fixture.powerCut('everything');
    fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
    expect((await textsOf(await fixture.open(), 'a')).length).toBe(head);
  });

  test('a journal starts on a full disk: it uses its allocated space, then goes on hold', async () => {
    const { fixture, append } = await started(1);
    await append(0, 'one');
    fixture.powerCut('everything');
    fixture.disk.setCapacity(fixture.disk.usedBytes());
    const journal = await fixture.open();
    expect(await textsOf(journal, 'a')).toEqual(['one']);
    const texts = ['one'];
    const again = (text: string) => fixture.world.until(appendText(journal, 'a', 5, texts.length, text));
    while ((await again(`${texts.length} ${LONG}`)) === 'committed') texts.push(`${texts.length} ${LONG}`);
    fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
    await fixture.world.advance(5_000);
    expect(await again('at last')).toBe('committed');
    expect(await textsOf(journal, 'a')).toEqual([...texts, 'at last']);
  });

  test('a new journal on a full disk is refused and leaves no files', async () => {
    const fixture = createJournalFixture(1);
    fixture.disk.setCapacity(2_000);
    expect(await fixture.tryOpen()).toMatchObject({ ok: false, code: 'journal-disk-full' });
    expect(await fixture.disk.list(DIRECTORY)).toEqual([]);
    fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
    expect((await fixture.tryOpen()).ok).toBe(true);
  });

  test('without space for a new segment the journal goes on hold; with space appends continue in a new segment', async () => {
    const { fixture, states, append } = await started(2);
    const shrink = () => fixture.disk.setCapacity(fixture.disk.usedBytes() + 4_096);
    let head = 0;
    // A step fits, a whole new segment does not.
    for (shrink(); (await append(head, `${head} ${LONG}`)) === 'committed'; shrink()) head++;
    expect(states).toEqual(['hold']);
    expect(await fixture.disk.list(DIRECTORY)).toEqual([segmentName(1)]);
    fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
    await fixture.world.advance(5_000);
    for (let more = 0; more < 3; more++) expect(await append(head++, LONG)).toBe('committed');
    expect(await segmentsOf(fixture)).toEqual([segmentName(1), segmentName(2)]);
    fixture.powerCut('everything');
    expect((await textsOf(await fixture.open(), 'a')).length).toBe(head);
  });
});

describe('a short write', () => {
  for (const shortTo of [0, 1, 100, 512, 700, 1_024]) {
    test(`after ${shortTo} bytes of a commit: refused, truncated, and never recovered`, async () => {
      const short = createFaults({ shortTo }, 'writeDurably');
      const { fixture, journal, states, append } = await started(1, short.injectFault);
      await append(0, 'one');
      short.state.isOn = true;
      expect(await append(1, `gone ${LONG}`)).toBe('refused');
      short.state.isOn = false;
      expect(states).toEqual(['hold']);
      expect(await textsOf(journal, 'a')).toEqual(['one']);
      await fixture.world.advance(1_000);
      expect(await append(1, 'two')).toBe('committed');
      fixture.powerCut('random');
      expect(await textsOf(await fixture.open(), 'a')).toEqual(['one', 'two']);
    });
  }

  test('a refused commit is not recovered after a power cut right after the refusal', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const short = createFaults({ shortTo: 2_300 }, 'writeDurably');
      const { fixture, append } = await started(seed, short.injectFault);
      await append(0, 'one');
      short.state.isOn = true;
      // Only part of the padding is missing: the commit itself may be on the disk.
      expect(await append(1, 'x'.repeat(2_020))).toBe('refused');
      fixture.powerCut('random');
      short.state.isOn = false;
      expect([seed, await textsOf(await fixture.open(), 'a')]).toEqual([seed, ['one']]);
    }
  });
});

describe('a failing disk', () => {
  for (const [name, kind] of [
    ['write', 'writeDurably'],
    ['sync of a preallocation', 'sync'],
    ['write of a preallocation', 'write'],
  ] as const) {
    test(`a failed ${name} is not retried: outcome unknown, later appends refused, fatal once`, async () => {
      const broken = createFaults({ fault: 'failed' }, kind);
      const { fixture, journal, append } = await started(1, broken.injectFault);
      await append(0, 'one');
      broken.state.isOn = true;
      let outcome: AppendOutcome = 'committed';
      let head = 1;
      for (; (outcome = await append(head, LONG)) === 'committed'; head++);
      expect(outcome).toBe('unknown');
      expect(fixture.fatalErrors.length).toBe(1);
      expect(broken.state.count).toBe(1);
      broken.state.isOn = false;
      expect(await append(head, 'later')).toBe('refused');
      expect(await fixture.world.until(journal.open('a', 9, EMPTY_HEAD))).toEqual({
        ok: false,
        why: 'refused',
      });
      await fixture.world.advance(60_000);
      expect(fixture.fatalErrors.length).toBe(1);
      expect((await textsOf(journal, 'a')).length).toBe(head);
      // All committed entries are recovered at the restart.
      fixture.powerCut('everything');
      expect((await textsOf(await fixture.open(), 'a')).length).toBe(head);
    });
  }

  test('a commit that a failed write left in the page cache is made durable before it is served', async () => {
    const broken = createFaults({ fault: 'failed' }, 'writeDurably');
    const { fixture, append } = await started(1, broken.injectFault);
    await append(0, 'one');
    broken.state.isOn = true;
    expect(await append(1, `two ${LONG}`)).toBe('unknown');
    broken.state.isOn = false;
    // The process restarts without a power cut: it reads the page cache.
    fixture.endProcess();
    const seen = await textsOf(await fixture.open(), 'a');
    expect(seen).toEqual(['one', `two ${LONG}`]);
    fixture.powerCut('everything');
    expect(await textsOf(await fixture.open(), 'a')).toEqual(seen);
  });

  test('a sync that fails because the disk is full is a failed sync', async () => {
    const broken = createFaults({ fault: 'full' }, 'sync');
    const { fixture, append } = await started(1, broken.injectFault);
    broken.state.isOn = true;
    let outcome: AppendOutcome = 'committed';
    for (let head = 0; (outcome = await append(head, LONG)) === 'committed'; head++);
    expect(outcome).toBe('unknown');
    expect(fixture.fatalErrors.length).toBe(1);
  });

  test('operations queued behind a failed commit are refused: they were not written', async () => {
    const broken = createFaults({ fault: 'failed' }, 'writeDurably');
    const fixture = createJournalFixture(1, { injectFault: broken.injectFault, delayMs: () => 5 });
    const journal = await fixture.open();
    await openRoom(fixture, journal, 'a', 5);
    await openRoom(fixture, journal, 'b', 5);
    broken.state.isOn = true;
    const first = appendText(journal, 'a', 5, 0, 'one');
    await fixture.world.advance(4);
    const second = appendText(journal, 'b', 5, 0, 'one');
    expect(await fixture.world.until(first)).toBe('unknown');
    expect(await fixture.world.until(second)).toBe('refused');
  });

  test('a failing folder sync, rename or list at start refuses the journal', async () => {
    for (const kind of ['syncDirectory', 'rename', 'list', 'makeDirectory'] as const) {
      const broken = createFaults({ fault: 'failed' }, kind);
      broken.state.isOn = true;
      const fixture = createJournalFixture(1, { injectFault: broken.injectFault });
      expect(await fixture.tryOpen()).toMatchObject({ ok: false, code: 'journal-unusable' });
      broken.state.isOn = false;
      expect((await fixture.tryOpen()).ok).toBe(true);
    }
  });
});

describe('on the real disk', () => {
  const directory = () => mkdtempSync(join(tmpdir(), 'escapement-journal-'));
  const options = (folder: string) => ({
    disk: createRealDisk(),
    directory: folder,
    world: realWorld,
    lock: lockFile,
    fatal: () => {},
    limits: { stepBytes: 65_536 },
  });

  test('a second process finds the journal in use; after the first has closed it is free', async () => {
    const folder = directory();
    const first = await openJournal(options(folder));
    expect(first.ok).toBe(true);
    expect(await openJournal(options(folder))).toMatchObject({ ok: false, code: 'journal-in-use' });
    if (first.ok) await first.journal.close();
    const second = await openJournal(options(folder));
    expect(second.ok).toBe(true);
    if (second.ok) {
      expect(second.journal.boot).toBe(2);
      await second.journal.close();
    }
    rmSync(folder, { recursive: true });
  });

  test('a folder that cannot be created is refused with its name', async () => {
    const outcome = await openJournal(options('/dev/null/journal'));
    expect(outcome).toMatchObject({ ok: false, code: 'journal-unusable' });
    if (!outcome.ok) expect(outcome.message).toContain('/dev/null/journal');
  });
});
