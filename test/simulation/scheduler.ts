/**
 * The one clock of a run. Everything that happens later is a task here; tasks run one at a time in the
 * order of their time, and before the next one all promises have settled as far as they can. So a seed
 * decides everything, and the same seed gives the same run.
 *
 * It is synchronous throughout: promises are driven by draining the microtasks, which costs a fraction of a
 * turn of the event loop, and nothing of the runtime can run in between.
 */
import { drainMicrotasks } from 'bun:jsc';
import { seededRandom } from '../support/in-process/world.simulated.ts';
import { Heap, type Task } from './heap.ts';
import { createLease, type Lease } from './lease.ts';

/** Wall clock at the beginning, ms. */
export const STARTS_AT = 1_800_000_000_000;

/** What counts as an event of a run; timers that only fire do not. */
export type EventKind = 'up' | 'down' | 'disk' | 'database' | 'log' | 'page' | 'process' | 'step';

const EVENT_NUMBERS: { readonly [kind in EventKind]: number } = {
  up: 1,
  down: 2,
  disk: 3,
  database: 4,
  log: 5,
  page: 6,
  process: 7,
  step: 8,
};

export class Scheduler {
  readonly random: () => number;
  /** How often each named thing happened. */
  readonly counts = new Map<string, number>();
  /** How often a fault took effect. */
  faultCount = 0;
  /** Number of events: frames, calls of disk, database and log, actions of pages and processes, steps. */
  events = 0;
  now = 0;
  /** Added to the wall clock, ms: it may jump, unlike `now`. */
  wallOffset = 0;
  /** Receives the lines of a trace; null = no trace. */
  private readonly writeTrace: ((line: string) => void) | null;
  private readonly heap = new Heap();
  private order = 0;
  private hashValue = 0x811c9dc5;

  constructor(seed: number, trace: ((line: string) => void) | null = null) {
    this.random = seededRandom(seed);
    this.writeTrace = trace;
  }

  /** Hash of all events in their order. */
  get hash(): string {
    return (this.hashValue >>> 0).toString(16).padStart(8, '0');
  }

  after(ms: number, run: () => void): () => void {
    const task: Task = { at: this.now + Math.max(0, ms), order: this.order++, run, cancelled: false };
    this.heap.push(task);
    return () => {
      task.cancelled = true;
    };
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.random() * list.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** Counts an event; `detail` distinguishes it from others of its kind. */
  event(kind: EventKind, detail: number): void {
    this.events++;
    const moment = Math.trunc(this.now * 1_000);
    for (const part of [EVENT_NUMBERS[kind], detail, moment]) {
      this.hashValue = Math.imul(this.hashValue ^ part, 0x01000193);
      this.hashValue ^= this.hashValue >>> 15;
    }
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** Counts a fault that took effect: something failed that would have succeeded. */
  countFault(fault: string): void {
    this.faultCount++;
    this.count(`fault: ${fault}`);
  }

  /** Adds a line to the trace; `line` is only called if there is one. */
  trace(describe: () => string): void {
    this.writeTrace?.(`${this.now.toFixed(2).padStart(11)}  ${describe()}`);
  }

  /** Runs all tasks due within `ms`. */
  advance(ms: number): void {
    const end = this.now + ms;
    drainMicrotasks();
    for (let task = this.heap.first; task !== undefined && task.at <= end; task = this.heap.first) {
      this.heap.pop();
      if (task.cancelled) continue;
      if (task.at > this.now) this.now = task.at;
      task.run();
      drainMicrotasks();
    }
    this.now = end;
  }

  /** Runs until `done` or until `limitMs` have passed; returns whether it was done. */
  until(done: () => boolean, limitMs: number, stepMs = 200): boolean {
    for (let passed = 0; passed < limitMs && !done(); passed += stepMs) this.advance(stepMs);
    return done();
  }

  /** A new process or page, as far as the clock is concerned. */
  lease(): Lease {
    return createLease(this);
  }

  /** Wall clock ms. */
  wall(): number {
    return Math.floor(STARTS_AT + this.wallOffset + this.now);
  }
}
