/**
 * Randomized test with seeds: rooms append, are trimmed, released and opened again on a slow disk that fills up and
 * loses power at random moments, also during recovery. After each start the log is compared with the outcomes
 * reported before.
 */
import { expect, test } from 'bun:test';
import type { DiskCall } from '../../../../test/support/disks/disk.simulated.ts';
import {
  DIRECTORY,
  type JournalFixture,
  appendText,
  createJournalFixture,
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
  /** Texts of the committed entries 1, 2, 3 … */
  known: string[];
  /** Operation in progress; the text of an append may or may not be in the log. */
  pending: { readonly kind: 'open' } | { readonly kind: 'append'; readonly text: string } | null;
  /** The highest epoch tried so far. */
  epoch: number;
  owned: boolean;
  /** Seq up to which entries are archived; never decreases. */
  archived: number;
}

/** Events in all runs, to check that each kind happened. */
const tally = {
  cuts: 0,
  interrupted: 0,
  committed: 0,
  refused: 0,
  holds: 0,
  survived: 0,
  lost: 0,
  spares: 0,
  moved: 0,
  recycled: 0,
};

/** Counts segments that become spares and spares that are reused. */
function countRenames({ kind, path }: DiskCall): null {
  if (kind === 'rename' && path.endsWith('.seg')) tally.spares++;
  if (kind === 'rename' && path.endsWith('.spare')) tally.recycled++;
  return null;
}

class Chaos {
  readonly seed: number;
  readonly random: () => number;
  readonly fixture: JournalFixture;
  readonly rooms = new Map<string, Model>();
  journal: Journal | null = null;
  count = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = seededRandom(seed * 7_919);
    const world = createSimulatedWorld(seed);
    this.fixture = createJournalFixture(
      seed,
      { delayMs: () => this.random() * 1.5, timers: world.timers, injectFault: countRenames },
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
    if (this.fixture.fatalErrors.length > 0) this.fail(`fatal: ${this.fixture.fatalErrors[0]}`);
  }

  async step(): Promise<void> {
    const { fixture } = this;
    const room = this.pick(ROOMS);
    const chance = this.random();
    if (chance < 0.35) this.append(room);
    else if (chance < 0.5) this.open(room);
    else if (chance < 0.58) await this.trim(room);
    else if (chance < 0.6) await this.release(room);
    else if (chance < 0.62) fixture.disk.setCapacity(fixture.disk.usedBytes() + this.random() * 5_000);
    else if (chance < 0.67) fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
    else if (chance < 0.69) await this.cut();
    else await fixture.world.advance(this.pick([0.3, 0.3, 1, 1, 2, 2, 3, 4, 5, 5, 5, 5, 300, 660_000]));
  }

  /** Handles an outcome, unless the process ended meanwhile. */
  whenDone<T>(model: Model, result: Promise<T>, use: (outcome: T) => void): void {
    const { journal } = this;
    void result.then((outcome) => {
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
    this.whenDone(
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
    this.whenDone(model, this.journal!.open(name, ++model.epoch, archived), (outcome) => {
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
    this.fixture.powerCut(this.pick(['everything', 'random', 'random']));
    await this.start();
  }

  async start(): Promise<void> {
    const { fixture } = this;
    fixture.disk.setCapacity(Number.POSITIVE_INFINITY);
    // Sometimes the power fails again during recovery.
    while (this.random() < 0.4) {
      void fixture.startOpening({ compactionLagSegments: 1 });
      await fixture.world.advance(this.random() * 15);
      fixture.powerCut(this.pick(['everything', 'random']));
      tally.interrupted++;
    }
    const outcome = await fixture.tryOpen({ compactionLagSegments: 1 });
    if (!outcome.ok) this.fail(`${outcome.code}: ${outcome.message}`);
    tally.moved += await this.countMoved();
    this.journal = outcome.journal;
    this.journal.onState(() => tally.holds++);
    for (const [name, model] of this.rooms) await this.compare(name, model);
  }

  /** Number of moved entries in the segments. */
  async countMoved(): Promise<number> {
    let count = 0;
    const yes = () => true;
    const visitor = {
      fence: yes,
      append: yes,
      trim: yes,
      snapshot: yes,
      room: yes,
      moved: () => ++count > 0,
    };
    const { disk, world } = this.fixture;
    for (const name of await segmentsOf(this.fixture)) {
      const source = await world.until(disk.open(`${DIRECTORY}/${name}`));
      const found = await world.until(openSegment(source));
      if (!found.ok) continue;
      const reader = new EntryReader(new RoomNames());
      await world.until(scanSegment(found.opened, null, (payload) => reader.read(payload, visitor)));
    }
    return count;
  }

  /** The log must have the committed entries, possibly the pending one, and nothing else. */
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

test('committed entries are never lost and no others appear, with any disk fault and power cut', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await new Chaos(seed).run();
  for (const [what, times] of Object.entries(tally)) expect([what, times > SEEDS / 10]).toEqual([what, true]);
  if (process.env['CHAOS_TALLY']) console.log(tally);
}, 30_000);
