/**
 * The one clock of a simulation. Everything that happens later, anywhere, is a task here; tasks run
 * one at a time in the order of their time, and before the next one every promise has gone as far as
 * it can. So a seed decides everything, and the same seed gives the same run.
 *
 * It is synchronous from end to end: promises are driven by draining the microtasks, a fraction of
 * the cost of a turn of the event loop, and nothing of the runtime's own can come in between.
 */
import { drainMicrotasks } from 'bun:jsc';
import { seededRandom } from '../support/in-process/world.simulated.ts';
import { Heap, type Task } from './heap.ts';
import { createLease, type Lease } from './lease.ts';

/** Wall clock at the beginning. */
export const STARTS_AT = 1_800_000_000_000;

/** What counts as an event of a run; timers that only fire count nothing. */
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
  /** How often each named thing was seen to happen. */
  readonly marks = new Map<string, number>();
  /** How often a fault really struck. */
  strikes = 0;
  /** Frames, calls of disk, database and log, deeds of pages, processes and the script. */
  events = 0;
  now = 0;
  /** Added to the wall clock: it may jump, unlike `now`. */
  wallOffset = 0;
  /** Takes the lines of a trace; null for none. */
  readonly #trace: ((line: string) => void) | null;
  readonly #heap = new Heap();
  #order = 0;
  #hash = 0x811c9dc5;

  constructor(seed: number, trace: ((line: string) => void) | null = null) {
    this.random = seededRandom(seed);
    this.#trace = trace;
  }

  /** Of every event in its order: two runs with the same hash did the same. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  after(ms: number, run: () => void): () => void {
    const task: Task = { at: this.now + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#heap.push(task);
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

  /** Something happened; `detail` tells it from others of its kind. */
  event(kind: EventKind, detail: number): void {
    this.events++;
    const moment = Math.trunc(this.now * 1_000);
    for (const part of [EVENT_NUMBERS[kind], detail, moment]) {
      this.#hash = Math.imul(this.#hash ^ part, 0x01000193);
      this.#hash ^= this.#hash >>> 15;
    }
  }

  mark(name: string): void {
    this.marks.set(name, (this.marks.get(name) ?? 0) + 1);
  }

  /** A fault has struck: something that would have gone well did not. */
  strike(fault: string): void {
    this.strikes++;
    this.mark(`fault: ${fault}`);
  }

  /** For a reader of the trace; `tell` is only called if there is one. */
  trace(tell: () => string): void {
    this.#trace?.(`${this.now.toFixed(2).padStart(11)}  ${tell()}`);
  }

  /** Runs everything that falls due within `ms`. */
  advance(ms: number): void {
    const end = this.now + ms;
    drainMicrotasks();
    for (let task = this.#heap.first; task !== undefined && task.at <= end; task = this.#heap.first) {
      this.#heap.pop();
      if (task.cancelled) continue;
      if (task.at > this.now) this.now = task.at;
      task.run();
      drainMicrotasks();
    }
    this.now = end;
  }

  /** Runs until `done` or until so much time has passed; answers whether it was done. */
  until(done: () => boolean, limitMs: number, stepMs = 200): boolean {
    for (let passed = 0; passed < limitMs && !done(); passed += stepMs) this.advance(stepMs);
    return done();
  }

  /** What one process or page gets of the world. */
  lease(): Lease {
    return createLease(this);
  }

  /** Wall clock ms. */
  wall(): number {
    return Math.floor(STARTS_AT + this.wallOffset + this.now);
  }
}
