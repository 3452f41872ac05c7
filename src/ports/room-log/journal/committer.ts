/**
 * Group commit: collects what rooms want written, and writes it with one call of the disk for all.
 *
 * Pace: a commit begins at once if the last one began PACE_MS ago or earlier, otherwise when that
 * time has passed; it takes everything that is queued, at most one operation of each room. Trims
 * go along with the next commit; alone they wait up to TRIM_WAIT_MS. When a commit has taken its
 * time, the next one is handed to the disk before anybody is told of the last, so that the disk
 * writes while the rooms tell their players.
 *
 * States: serving → hold (the disk takes no more; probed until it does) → serving; any → dead (the
 * disk failed: nobody knows what is on it; the process must stop and recover); any → closed. On hold
 * only trims are written, with each look at the disk: they are what makes segments free.
 */
import type { World } from '../../../lib/world.ts';
import { CommitBatch, type Operation, bytesOf } from './commit-batch.ts';
import type { LogState } from '../room-log.ts';
import type { JournalRoom, JournalRooms } from './journal-rooms.ts';
import type { SegmentWriter } from './segment-writer.ts';

export const PACE_MS = 2;
export const TRIM_WAIT_MS = 1_000;
/** While on hold the disk is tried again after 250 ms, then ever more slowly, up to 5 s. */
export const PROBE_FIRST_MS = 250;
export const PROBE_MS_MAX = 5_000;
export interface CommitterLimits {
  /** Bytes that may be queued; beyond it operations are refused. */
  readonly queueBytesMax: number;
  /** Bytes of live entries of all rooms; beyond it the journal goes on hold. */
  readonly liveBytesMax: number;
  /** What the disk must be able to take before a hold ends. */
  readonly probeBytes: number;
}

export interface CommitterDeps {
  readonly world: World;
  readonly rooms: JournalRooms;
  readonly writer: SegmentWriter;
  readonly limits: CommitterLimits;
  /** Called once, when the journal is dead. */
  readonly fatal: (error: Error) => void;
}

export class Committer {
  readonly #parts: CommitterDeps;
  readonly #batch: CommitBatch;
  readonly #listeners: ((state: LogState) => void)[] = [];
  #state: LogState | 'dead' = 'serving';
  #closing = false;
  #queue: Operation[] = [];
  #queuedBytes = 0;
  #trims = new Set<JournalRoom>();
  /** Trims noted before this moment (monotonic ms) are durable. */
  #trimsDurableAt: number;
  #running = false;
  #beganAt = Number.NEGATIVE_INFINITY;
  #probeMs = PROBE_FIRST_MS;
  /** A commit begins within this turn. */
  #soon = false;
  /** Cancels the timer that begins the next commit. */
  #pace: (() => void) | null = null;
  #trimWait: (() => void) | null = null;
  #probe: (() => void) | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(parts: CommitterDeps) {
    this.#parts = parts;
    this.#batch = new CommitBatch(parts.rooms);
    this.#trimsDurableAt = parts.world.clock.mono();
  }

  onState(listener: (state: LogState) => void): void {
    this.#listeners.push(listener);
  }

  /** Queues it; false = refused, nothing will come of it. */
  add(operation: Operation): boolean {
    if (this.#state !== 'serving' || this.#closing) return false;
    const bytes = bytesOf(operation);
    if (this.#queuedBytes + bytes > this.#parts.limits.queueBytesMax) return false;
    this.#queue.push(operation);
    this.#queuedBytes += bytes;
    operation.room.pending++;
    this.#schedule();
    return true;
  }

  /** The room was trimmed in memory; it will be written down with one of the next commits. */
  noteTrim(room: JournalRoom): void {
    if (this.#closing || this.#state === 'dead') return;
    this.#trims.add(room);
    this.#schedule();
  }

  /** Everything trimmed before this moment (monotonic ms) is durably so. */
  trimsDurableBefore(): number {
    return this.#trims.size === 0 && !this.#running ? this.#parts.world.clock.mono() : this.#trimsDurableAt;
  }

  /** Nothing of the journal may touch the disk any more. */
  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Something of the journal's beside the commits failed for good. */
  fail(error: unknown): void {
    this.#die(error);
  }

  /** Writes what is queued and stops. What cannot be written is refused. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#cancelTimers();
    this.#schedule();
    while (this.#state !== 'dead' && (this.#running || this.#soon || this.#pace)) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
    this.#cancelTimers();
  }

  #schedule(): void {
    if (this.#running || this.#soon || this.#state !== 'serving') return;
    if (this.#queue.length === 0 && !(this.#closing && this.#trims.size > 0)) return this.#scheduleTrims();
    const { clock, timers } = this.#parts.world;
    const wait = this.#beganAt + PACE_MS - clock.mono();
    if (wait > 0) {
      this.#pace ??= timers.after(wait, () => this.#begin());
      return;
    }
    // A timer is late under load and rounds up to milliseconds: what comes in looks at the clock, too.
    this.#soon = true;
    // In a microtask, so that what is appended in one go shares the commit.
    queueMicrotask(() => {
      if (this.#soon) this.#begin();
    });
  }

  #scheduleTrims(): void {
    if (this.#trims.size === 0 || this.#trimWait || this.#closing) return;
    this.#trimWait = this.#parts.world.timers.after(TRIM_WAIT_MS, () => {
      this.#trimWait = null;
      if (!this.#running && !this.#soon && !this.#pace && this.#state === 'serving') this.#begin();
    });
  }

  #begin(): void {
    this.#pace?.();
    this.#pace = null;
    this.#soon = false;
    this.#running = true;
    this.#commits()
      .catch((error: unknown) => this.#die(error))
      .finally(() => {
        this.#running = false;
        this.#schedule();
        for (const resolve of this.#whenIdle.splice(0)) resolve();
      });
  }

  /** One commit after another as long as there is something and the pace allows it. */
  async #commits(): Promise<void> {
    const { rooms, writer, limits, world } = this.#parts;
    for (;;) {
      const began = world.clock.mono();
      this.#beganAt = began;
      const trims = this.#trims;
      this.#trims = new Set();
      this.#queue = this.#batch.take(this.#queue, trims);
      this.#queuedBytes = 0;
      for (const operation of this.#queue) this.#queuedBytes += bytesOf(operation);
      if (this.#batch.isEmpty) return;
      const full = rooms.bytes + this.#batch.recordBytes > limits.liveBytesMax;
      const outcome = full ? 'full' : await writer.write(this.#batch.payload());
      if (outcome === 'full') {
        for (const room of trims) this.#trims.add(room);
        return this.#hold();
      }
      this.#written(began);
      if (this.#closing || this.#queue.length === 0 || world.clock.mono() < began + PACE_MS) return;
    }
  }

  /** The commit that began then is durable. */
  #written(began: number): void {
    const { rooms, writer, world } = this.#parts;
    this.#trimsDurableAt = began;
    // The answers run as microtasks: after the next write has begun, if there is one.
    this.#batch.apply({ segment: rooms.segment(writer.segment), at: world.clock.now() });
  }

  #hold(): void {
    if (this.#state === 'dead') return;
    this.#state = 'hold';
    this.#refuseAll('refused');
    this.#probeMs = PROBE_FIRST_MS;
    this.#tell('hold');
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#closing) return;
    this.#probe = this.#parts.world.timers.after(this.#probeMs, () => {
      this.#probeMs = Math.min(this.#probeMs * 2, PROBE_MS_MAX);
      this.#running = true;
      this.#tryDisk()
        .catch((error: unknown) => this.#die(error))
        .finally(() => {
          this.#running = false;
          this.#schedule();
          for (const resolve of this.#whenIdle.splice(0)) resolve();
        });
    });
  }

  async #tryDisk(): Promise<void> {
    const { rooms, writer, limits } = this.#parts;
    const space =
      rooms.bytes < limits.liveBytesMax && (await writer.reserve(limits.probeBytes)) === 'written';
    if (!space) await this.#makeSpace();
    if (this.#state === 'dead') return;
    if (!space) return this.#scheduleProbe();
    this.#state = 'serving';
    this.#tell('serving');
  }

  /**
   * What the archive has taken makes segments free once that is durable; it is written only when it has
   * emptied one, so that all of it together is little. Where there is only the present segment, and
   * nothing in it is live, a new one lets it go.
   */
  async #makeSpace(): Promise<void> {
    const { rooms, writer } = this.#parts;
    const segments = [...rooms.segments()];
    const emptied = segments.some((use) => (use.unusedSince ?? -1) >= this.#trimsDurableAt);
    if (this.#trims.size > 0) return emptied ? this.#writeTrims() : undefined;
    const alone = segments.every((use) => use.number === writer.segment);
    if (alone && rooms.bytes === 0) await writer.leave();
  }

  async #writeTrims(): Promise<void> {
    const began = this.#parts.world.clock.mono();
    const trims = this.#trims;
    this.#trims = new Set();
    this.#batch.take([], trims);
    if ((await this.#parts.writer.writeTrims(this.#batch.payload())) === 'written')
      return this.#written(began);
    this.#batch.refuse('refused');
    for (const room of trims) this.#trims.add(room);
  }

  #die(error: unknown): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#cancelTimers();
    this.#refuseAll('unknown');
    this.#parts.fatal(error instanceof Error ? error : new Error(String(error)));
  }

  /** `batch`: what the operations of the commit under way are told; those still queued never began. */
  #refuseAll(batch: 'refused' | 'unknown'): void {
    this.#batch.refuse(batch);
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const operation of queue) this.#batch.refuseOne(operation, 'refused');
  }

  #tell(state: LogState): void {
    for (const listener of this.#listeners) listener(state);
  }

  #cancelTimers(): void {
    this.#soon = false;
    for (const cancel of [this.#pace, this.#trimWait, this.#probe]) cancel?.();
    this.#pace = null;
    this.#trimWait = null;
    this.#probe = null;
  }
}
