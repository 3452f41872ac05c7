/**
 * Seeded chaos: many rooms append, are trimmed, released and opened anew on a disk that is slow,
 * fills up, and loses its power at random moments, also while the journal is being opened. After
 * each start the log is compared with what was answered before.
 */
import { expect, test } from 'bun:test';
import type { DiskCall } from '../../../../test/support/disks/disk.simulated.ts';
import {
  DIRECTORY,
  type JournalBench,
  appendText,
  createJournalBench,
  segmentsOf,
} from '../../../../test/support/in-process/journal-fixture.ts';
import { createSimulatedWorld, seededRandom } from '../../../../test/support/in-process/world.simulated.ts';
import { EntryReader } from './entries.ts';
import type { Journal } from '../room-log.journal.ts';
import { RoomNames } from './room-names.ts';
import { openSegment, scanSegment } from './segment-scan.ts';

const SEEDS = 150;
const STEPS = 200;
const ROOMS = ['a', 'b', 'c', 'd', 'e'];

interface Model {
  /** Texts of the entries 1, 2, 3 … that are known to be in the log. */
  known: string[];
  /** Under way: 'open', or the text of an append that may be in the log or not. */
  pending: { readonly kind: 'open' } | { readonly kind: 'append'; readonly text: string } | null;
  /** The highest epoch tried so far. */
  epoch: number;
  owned: boolean;
  /** What the archive has; it never loses anything. */
  archived: number;
}

/** What happened in all runs together: chaos that does nothing must show. */
const tally = {
  cuts: 0,
  interrupted: 0,
  committed: 0,
  refused: 0,
  holds: 0,
  survived: 0,
  lost: 0,
  spared: 0,
  moved: 0,
  recycled: 0,
};

/** Counts segments put aside and taken again. */
function watch({ kind, path }: DiskCall): null {
  if (kind === 'rename' && path.endsWith('.seg')) tally.spared++;
  if (kind === 'rename' && path.endsWith('.spare')) tally.recycled++;
  return null;
}

class Chaos {
  readonly seed: number;
  readonly random: () => number;
  readonly bench: JournalBench;
  readonly rooms = new Map<string, Model>();
  journal: Journal | null = null;
  count = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = seededRandom(seed * 7_919);
    const world = createSimulatedWorld(seed);
    this.bench = createJournalBench(
      seed,
      { delayMs: () => this.random() * 1.5, timers: world.timers, trouble: watch },
      world,
    );
    for (const room of ROOMS) {
      this.rooms.set(room, { known: [], pending: null, epoch: 0, owned: false, archived: 0 });
    }
  }

  fail(what: string): never {
    throw new Error(`seed ${this.seed}: ${what}`);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  async run(): Promise<void> {
    await this.start();
    for (let step = 0; step < STEPS; step++) await this.step();
    await this.cut();
    if (this.bench.fatal.length > 0) this.fail(`fatal: ${this.bench.fatal[0]}`);
  }

  async step(): Promise<void> {
    const { bench } = this;
    const room = this.pick(ROOMS);
    const chance = this.random();
    if (chance < 0.35) this.append(room);
    else if (chance < 0.5) this.open(room);
    else if (chance < 0.58) await this.trim(room);
    else if (chance < 0.6) await this.release(room);
    else if (chance < 0.62) bench.disk.setCapacity(bench.disk.usedBytes() + this.random() * 5_000);
    else if (chance < 0.67) bench.disk.setCapacity(Number.POSITIVE_INFINITY);
    else if (chance < 0.69) await this.cut();
    else await bench.world.advance(this.pick([0.3, 0.3, 1, 1, 2, 2, 3, 4, 5, 5, 5, 5, 300, 660_000]));
  }

  /** Ends what is pending, unless the process that answers is gone. */
  answered<T>(model: Model, answer: Promise<T>, use: (outcome: T) => void): void {
    const { journal } = this;
    void answer.then((outcome) => {
      if (this.journal !== journal) return;
      model.pending = null;
      use(outcome);
    });
  }

  append(name: string): void {
    const model = this.rooms.get(name)!;
    if (!model.owned || model.pending) return;
    const text = `${name}${this.count++} ${'.'.repeat(Math.floor(this.random() * 1_500))}`;
    model.pending = { kind: 'append', text };
    this.answered(
      model,
      appendText(this.journal!, name, model.epoch, model.known.length, text),
      (outcome) => {
        if (outcome === 'committed') {
          model.known.push(text);
          tally.committed++;
        } else if (outcome === 'refused') tally.refused++;
        else this.fail(`append to ${name} was ${outcome}`);
      },
    );
  }

  open(name: string): void {
    const model = this.rooms.get(name)!;
    if (model.owned || model.pending) return;
    model.pending = { kind: 'open' };
    const archived = { epoch: 0, seq: model.archived, ms: model.archived };
    this.answered(model, this.journal!.open(name, ++model.epoch, archived), (outcome) => {
      model.owned = outcome.ok;
      if (!outcome.ok && outcome.why === 'fenced') this.fail(`${name} was fenced by ${outcome.epoch}`);
      if (outcome.ok && outcome.head.seq !== model.known.length) this.fail(`${name} at ${outcome.head.seq}`);
    });
  }

  async trim(name: string): Promise<void> {
    const model = this.rooms.get(name)!;
    model.archived = Math.max(model.archived, Math.floor(this.random() * (model.known.length + 1)));
    await this.journal!.trim(name, model.archived);
  }

  async release(name: string): Promise<void> {
    const model = this.rooms.get(name)!;
    if (!model.owned || model.pending) return;
    model.owned = false;
    await this.journal!.release(name, model.epoch);
  }

  async cut(): Promise<void> {
    tally.cuts++;
    this.bench.cut(this.pick(['everything', 'random', 'random']));
    await this.start();
  }

  async start(): Promise<void> {
    const { bench } = this;
    bench.disk.setCapacity(Number.POSITIVE_INFINITY);
    // Now and then the power goes off again while the journal is being opened.
    while (this.random() < 0.4) {
      void bench.begin({ segmentsBehindMax: 1 });
      await bench.world.advance(this.random() * 15);
      bench.cut(this.pick(['everything', 'random']));
      tally.interrupted++;
    }
    const outcome = await bench.tryOpen({ segmentsBehindMax: 1 });
    if (!outcome.ok) this.fail(`${outcome.code}: ${outcome.message}`);
    tally.moved += await this.countMoved();
    this.journal = outcome.journal;
    this.journal.onState(() => tally.holds++);
    for (const [name, model] of this.rooms) await this.compare(name, model);
  }

  /** Entries that the present segments hold for the second time. */
  async countMoved(): Promise<number> {
    let count = 0;
    const yes = () => true;
    const visitor = { fence: yes, append: yes, trim: yes, base: yes, room: yes, moved: () => ++count > 0 };
    const { disk, world } = this.bench;
    for (const name of await segmentsOf(this.bench)) {
      const source = await world.until(disk.open(`${DIRECTORY}/${name}`));
      const found = await world.until(openSegment(source));
      if (!found.ok) continue;
      const reader = new EntryReader(new RoomNames());
      await world.until(scanSegment(found.opened, null, (payload) => reader.read(payload, visitor)));
    }
    return count;
  }

  /** The log holds what was answered, perhaps what was under way, and nothing else. */
  async compare(name: string, model: Model): Promise<void> {
    const { pending } = model;
    model.pending = null;
    model.owned = false;
    const live = (await this.journal!.liveRooms()).find((room) => room.room === name);
    const head = Math.max(live?.head.seq ?? 0, model.archived);
    if (pending?.kind === 'append') {
      const survived = head === model.known.length + 1;
      if (survived) model.known.push(pending.text);
      tally[survived ? 'survived' : 'lost']++;
    }
    if (head !== model.known.length) this.fail(`${name} ends at ${head}, not at ${model.known.length}`);
    for (const run of await this.journal!.read(name, 0, Number.MAX_SAFE_INTEGER)) {
      const known = model.known.slice(run.first - 1, run.last);
      const text = new TextDecoder().decode(run.records);
      if (text !== known.map((each) => `${each}\n`).join(''))
        this.fail(`${name} has ${text} at ${run.first} to ${run.last}`);
    }
  }
}

test('no answer is taken back and nothing is invented, whatever the disk does and whenever the power goes', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await new Chaos(seed).run();
  for (const [what, times] of Object.entries(tally)) expect([what, times > SEEDS / 10]).toEqual([what, true]);
  if (process.env['CHAOS_TALLY']) console.log(tally);
}, 30_000);
