/** A disk that is full, short, slow or broken: what the journal answers, and what it keeps. */
import { describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiskCall, DiskTrouble } from '../../../../test/support/disks/disk.simulated.ts';
import {
  DIRECTORY,
  appendText,
  createJournalBench,
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

/** A disk on which the calls chosen by `when` go wrong as long as `on` is set. */
function createTrouble(trouble: DiskTrouble, ...kinds: DiskCall['kind'][]) {
  const state = { on: false, met: 0 };
  return {
    state,
    trouble(call: DiskCall) {
      if (!state.on || !kinds.includes(call.kind)) return null;
      state.met++;
      return trouble;
    },
  };
}

async function started(seed: number, trouble?: (call: DiskCall) => DiskTrouble | null) {
  const bench = createJournalBench(seed, trouble ? { trouble } : {});
  const journal = await bench.open();
  const states: string[] = [];
  journal.onState((state) => states.push(state));
  await openRoom(bench, journal, 'a', 5);
  const append = (prevSeq: number, text: string): Promise<AppendOutcome> =>
    bench.world.until(appendText(journal, 'a', 5, prevSeq, text));
  return { bench, journal, states, append };
}

const LONG = '.'.repeat(3_000);

describe('a full disk', () => {
  test('appends are refused, nothing is lost, and play goes on when there is room again', async () => {
    const { bench, journal, states, append } = await started(1);
    bench.disk.setCapacity(bench.disk.usedBytes());
    let head = 0;
    while ((await append(head, `${head} ${LONG}`)) === 'committed') head++;
    expect(states).toEqual(['hold']);
    expect(await append(head, 'again')).toBe('refused');
    expect(await bench.world.until(journal.open('b', 5, EMPTY_HEAD))).toEqual({ ok: false, why: 'refused' });
    expect((await textsOf(journal, 'a')).length).toBe(head);

    await bench.world.advance(60_000);
    expect(states).toEqual(['hold']);
    bench.disk.setCapacity(Number.POSITIVE_INFINITY);
    await bench.world.advance(5_000);
    expect(states).toEqual(['hold', 'serving']);
    expect(await append(head, 'at last')).toBe('committed');
    bench.cut('everything');
    const texts = await textsOf(await bench.open(), 'a');
    expect(texts.length).toBe(head + 1);
    expect(texts.at(-1)).toBe('at last');
  });

  test('the disk is tried again ever more slowly, every 5 seconds at most', async () => {
    const { bench, append } = await started(1);
    bench.disk.setCapacity(bench.disk.usedBytes());
    for (let head = 0; (await append(head, LONG)) === 'committed'; head++);
    const calls = bench.disk.calls;
    await bench.world.advance(60_000);
    const probes = bench.disk.calls - calls;
    expect(probes).toBeGreaterThan(10);
    expect(probes).toBeLessThan(20);
  });

  test('a disk with less room than a step is used to the last commit that fits', async () => {
    const { bench, append } = await started(1);
    bench.disk.setCapacity(bench.disk.usedBytes() + 1_500);
    let head = 0;
    while ((await append(head, 'x'.repeat(400))) === 'committed') head++;
    // Each takes one sector: of the first step two are in use, and of what the disk had left two fit.
    expect(head).toBe((4_096 - 1_024) / 512 + 2);
  });

  test('the journal never takes the reserve, holds instead, and comes back when there is more', async () => {
    const bench = createJournalBench(1);
    const journal = await bench.open({ reserveBytes: 20_000 });
    const states: string[] = [];
    journal.onState((state) => states.push(state));
    await openRoom(bench, journal, 'a', 5);
    const append = (seq: number) => bench.world.until(appendText(journal, 'a', 5, seq, LONG));
    // Of so large a disk the reserve is not a share.
    const others = 1_000_000;
    bench.disk.place('elsewhere/file', new Uint8Array(others));
    bench.disk.setCapacity(bench.disk.usedBytes() + 50_000);
    let head = 0;
    while ((await append(head)) === 'committed') head++;
    expect(head).toBeGreaterThan(5);
    expect(states).toEqual(['hold']);
    const free = async () => (await bench.world.until(bench.disk.space(DIRECTORY))).freeBytes;
    expect(await free()).toBeGreaterThanOrEqual(20_000);
    // The others write on, into what was left for them: the journal waits until that is free again.
    bench.disk.place('elsewhere/more', new Uint8Array(15_000));
    await bench.world.advance(60_000);
    expect(states).toEqual(['hold']);
    bench.disk.place('elsewhere/more', new Uint8Array(0));
    bench.disk.place('elsewhere/file', new Uint8Array(others / 2));
    await bench.world.advance(5_000);
    expect(states).toEqual(['hold', 'serving']);
    expect(await append(head)).toBe('committed');
  });

  test('trims during a hold free memory and are written down afterwards', async () => {
    const { bench, journal, append } = await started(1);
    bench.disk.setCapacity(bench.disk.usedBytes());
    let head = 0;
    while ((await append(head, LONG)) === 'committed') head++;
    await journal.trim('a', head);
    expect(await journal.liveRooms()).toEqual([]);
    bench.disk.setCapacity(Number.POSITIVE_INFINITY);
    await bench.world.advance(10_000);
    bench.cut('everything');
    expect(await (await bench.open()).liveRooms()).toEqual([]);
  });

  test('a segment is not removed while the trims that emptied it could not be written down', async () => {
    const { bench, journal, append } = await started(1);
    let head = 0;
    while ((await segmentsOf(bench)).length < 3) expect(await append(head++, LONG)).toBe('committed');
    bench.disk.setCapacity(bench.disk.usedBytes());
    while ((await append(head, LONG)) === 'committed') head++;
    // To the last sector: no trim fits behind it.
    await bench.world.advance(5_000);
    while ((await append(head, 'x')) === 'committed') head++;
    await journal.trim('a', head);
    await bench.world.advance(30 * 60_000);
    bench.cut('everything');
    bench.disk.setCapacity(Number.POSITIVE_INFINITY);
    expect((await textsOf(await bench.open(), 'a')).length).toBe(head);
  });

  test('a full disk does not keep a journal from starting: it uses what it had taken, then holds', async () => {
    const { bench, append } = await started(1);
    await append(0, 'one');
    bench.cut('everything');
    bench.disk.setCapacity(bench.disk.usedBytes());
    const journal = await bench.open();
    expect(await textsOf(journal, 'a')).toEqual(['one']);
    const texts = ['one'];
    const again = (text: string) => bench.world.until(appendText(journal, 'a', 5, texts.length, text));
    while ((await again(`${texts.length} ${LONG}`)) === 'committed') texts.push(`${texts.length} ${LONG}`);
    bench.disk.setCapacity(Number.POSITIVE_INFINITY);
    await bench.world.advance(5_000);
    expect(await again('at last')).toBe('committed');
    expect(await textsOf(journal, 'a')).toEqual([...texts, 'at last']);
  });

  test('a new journal on a full disk is refused in one sentence, and leaves nothing behind', async () => {
    const bench = createJournalBench(1);
    bench.disk.setCapacity(2_000);
    expect(await bench.tryOpen()).toMatchObject({ ok: false, code: 'journal-disk-full' });
    expect(await bench.disk.list(DIRECTORY)).toEqual([]);
    bench.disk.setCapacity(Number.POSITIVE_INFINITY);
    expect((await bench.tryOpen()).ok).toBe(true);
  });

  test('no new segment for want of space: the appends go on in it when there is room', async () => {
    const { bench, states, append } = await started(2);
    const shrink = () => bench.disk.setCapacity(bench.disk.usedBytes() + 4_096);
    let head = 0;
    // A step fits, a whole new segment does not.
    for (shrink(); (await append(head, `${head} ${LONG}`)) === 'committed'; shrink()) head++;
    expect(states).toEqual(['hold']);
    expect(await bench.disk.list(DIRECTORY)).toEqual([segmentName(1)]);
    bench.disk.setCapacity(Number.POSITIVE_INFINITY);
    await bench.world.advance(5_000);
    for (let more = 0; more < 3; more++) expect(await append(head++, LONG)).toBe('committed');
    expect(await segmentsOf(bench)).toEqual([segmentName(1), segmentName(2)]);
    bench.cut('everything');
    expect((await textsOf(await bench.open(), 'a')).length).toBe(head);
  });
});

describe('a write that is not taken whole', () => {
  for (const shortTo of [0, 1, 100, 512, 700, 1_024]) {
    test(`after ${shortTo} bytes of a commit: refused, cut back, and never seen again`, async () => {
      const short = createTrouble({ shortTo }, 'writeDurably');
      const { bench, journal, states, append } = await started(1, short.trouble);
      await append(0, 'one');
      short.state.on = true;
      expect(await append(1, `gone ${LONG}`)).toBe('refused');
      short.state.on = false;
      expect(states).toEqual(['hold']);
      expect(await textsOf(journal, 'a')).toEqual(['one']);
      await bench.world.advance(1_000);
      expect(await append(1, 'two')).toBe('committed');
      bench.cut('random');
      expect(await textsOf(await bench.open(), 'a')).toEqual(['one', 'two']);
    });
  }

  test('a refused commit does not come back with a power cut right after the refusal', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const short = createTrouble({ shortTo: 2_300 }, 'writeDurably');
      const { bench, append } = await started(seed, short.trouble);
      await append(0, 'one');
      short.state.on = true;
      // Only part of the filling is missing: the commit itself may be whole on the disk.
      expect(await append(1, 'x'.repeat(2_020))).toBe('refused');
      bench.cut('random');
      short.state.on = false;
      expect([seed, await textsOf(await bench.open(), 'a')]).toEqual([seed, ['one']]);
    }
  });
});

describe('a disk that fails', () => {
  for (const [name, kind] of [
    ['write', 'writeDurably'],
    ['sync while taking space', 'sync'],
    ['write while taking space', 'write'],
  ] as const) {
    test(`a failed ${name} is not retried: unknown, dead, fatal once`, async () => {
      const broken = createTrouble({ fault: 'failed' }, kind);
      const { bench, journal, append } = await started(1, broken.trouble);
      await append(0, 'one');
      broken.state.on = true;
      let outcome: AppendOutcome = 'committed';
      let head = 1;
      for (; (outcome = await append(head, LONG)) === 'committed'; head++);
      expect(outcome).toBe('unknown');
      expect(bench.fatal.length).toBe(1);
      expect(broken.state.met).toBe(1);
      broken.state.on = false;
      expect(await append(head, 'later')).toBe('refused');
      expect(await bench.world.until(journal.open('a', 9, EMPTY_HEAD))).toEqual({
        ok: false,
        why: 'refused',
      });
      await bench.world.advance(60_000);
      expect(bench.fatal.length).toBe(1);
      expect((await textsOf(journal, 'a')).length).toBe(head);
      // What is known to be durable is there after the restart that must follow.
      bench.cut('everything');
      expect((await textsOf(await bench.open(), 'a')).length).toBe(head);
    });
  }

  test('what a failed write left in memory is on the disk before anybody sees it', async () => {
    const broken = createTrouble({ fault: 'failed' }, 'writeDurably');
    const { bench, append } = await started(1, broken.trouble);
    await append(0, 'one');
    broken.state.on = true;
    expect(await append(1, `two ${LONG}`)).toBe('unknown');
    broken.state.on = false;
    // The process is started again on a machine that still runs: it reads what is in memory.
    bench.release();
    const seen = await textsOf(await bench.open(), 'a');
    expect(seen).toEqual(['one', `two ${LONG}`]);
    bench.cut('everything');
    expect(await textsOf(await bench.open(), 'a')).toEqual(seen);
  });

  test('a sync that fails for want of space is a failed sync', async () => {
    const broken = createTrouble({ fault: 'full' }, 'sync');
    const { bench, append } = await started(1, broken.trouble);
    broken.state.on = true;
    let outcome: AppendOutcome = 'committed';
    for (let head = 0; (outcome = await append(head, LONG)) === 'committed'; head++);
    expect(outcome).toBe('unknown');
    expect(bench.fatal.length).toBe(1);
  });

  test('what was queued behind the failed commit is refused: it was never begun', async () => {
    const broken = createTrouble({ fault: 'failed' }, 'writeDurably');
    const bench = createJournalBench(1, { trouble: broken.trouble, delayMs: () => 5 });
    const journal = await bench.open();
    await openRoom(bench, journal, 'a', 5);
    await openRoom(bench, journal, 'b', 5);
    broken.state.on = true;
    const first = appendText(journal, 'a', 5, 0, 'one');
    await bench.world.advance(4);
    const second = appendText(journal, 'b', 5, 0, 'one');
    expect(await bench.world.until(first)).toBe('unknown');
    expect(await bench.world.until(second)).toBe('refused');
  });

  test('a failing folder sync or rename at the start is a refusal, not a journal', async () => {
    for (const kind of ['syncDirectory', 'rename', 'list', 'makeDirectory'] as const) {
      const broken = createTrouble({ fault: 'failed' }, kind);
      broken.state.on = true;
      const bench = createJournalBench(1, { trouble: broken.trouble });
      expect(await bench.tryOpen()).toMatchObject({ ok: false, code: 'journal-unusable' });
      broken.state.on = false;
      expect((await bench.tryOpen()).ok).toBe(true);
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

  test('a folder that cannot be made is one sentence with its name', async () => {
    const outcome = await openJournal(options('/dev/null/journal'));
    expect(outcome).toMatchObject({ ok: false, code: 'journal-unusable' });
    if (!outcome.ok) expect(outcome.message).toContain('/dev/null/journal');
  });
});
