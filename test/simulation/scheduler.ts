/**
 * The one clock of a simulation. Everything that happens later, anywhere, is a task here; tasks run
 * one at a time in the order of their time, and before the next one every promise has gone as far as
 * it can. So a seed decides everything, and the same seed gives the same run.
 */
import type { World } from '../../src/lib/world.ts';
import { seededRandom } from '../support/world.simulated.ts';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** What a process or a page owns of the world; `end` takes it all away at once. */
export interface Lease {
  readonly world: World;
  readonly alive: boolean;
  after(ms: number, run: () => void): () => void;
  end(): void;
}

/** Wall clock at the beginning. */
export const STARTS_AT = 1_800_000_000_000;
/** Turns of the real event loop that work on a real thread may take. */
const REAL_TURNS_MAX = 2_000_000;

export class Scheduler {
  readonly random: () => number;
  /** Tasks run so far. */
  events = 0;
  now = 0;
  /** Added to the wall clock: it may jump, unlike `now`. */
  wallOffset = 0;
  /** Work on a real thread (compression) whose end must be waited for before time goes on. */
  realWork = false;
  readonly #heap: Task[] = [];
  #order = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  after(ms: number, run: () => void): () => void {
    const task = { at: this.now + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#push(task);
    return () => {
      task.cancelled = true;
    };
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
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

  /** Runs everything that falls due within `ms`. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.#settle();
    while (this.#heap[0] !== undefined && this.#heap[0].at <= end) {
      const task = this.#pop();
      if (task.cancelled) continue;
      this.now = Math.max(this.now, task.at);
      this.events++;
      task.run();
      await this.#settle();
    }
    this.now = end;
  }

  /** Runs until `done` or until so much time has passed; answers whether it was done. */
  async until(done: () => boolean, limitMs: number): Promise<boolean> {
    for (let passed = 0; passed < limitMs && !done(); passed += 50) await this.advance(50);
    return done();
  }

  lease(): Lease {
    let alive = true;
    const after = (ms: number, run: () => void): (() => void) =>
      alive ? this.after(ms, () => alive && run()) : () => {};
    return {
      get alive() {
        return alive;
      },
      after,
      end() {
        alive = false;
      },
      world: {
        clock: { now: () => this.wall(), mono: () => this.now },
        timers: { after },
        random: {
          next: this.random,
          bytes: (length) => Uint8Array.from({ length }, () => Math.floor(this.random() * 256)),
        },
      },
    };
  }

  /** Wall clock ms. */
  wall(): number {
    return Math.floor(STARTS_AT + this.wallOffset + this.now);
  }

  /** A turn of the real event loop lets every promise that is ready go on, however long the chain. */
  async #settle(): Promise<void> {
    for (let turns = 0; ; turns++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (!this.realWork) return;
      if (turns > REAL_TURNS_MAX) throw new Error('work on a real thread never ended');
    }
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(task);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(task, heap[parent] as Task)) break;
      heap[at] = heap[parent] as Task;
      at = parent;
    }
    heap[at] = task;
  }

  #pop(): Task {
    const heap = this.#heap;
    const first = heap[0] as Task;
    const last = heap.pop() as Task;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Task, heap[child] as Task)) child++;
      if (!before(heap[child] as Task, last)) break;
      heap[at] = heap[child] as Task;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
