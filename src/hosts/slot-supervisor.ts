/**
 * Supervises the process of one slot: starts it, requests its state at intervals, and restarts it with the same
 * journal and port when it exits. After RESTARTS_MAX restarts within the window it waits and reports a fault; the
 * other slots are not affected.
 */
import { type Backoff, backoffMs } from '../lib/backoff.ts';
import type { ChildProcess } from '../lib/child.ts';
import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import type { Placement, PlacementSlot } from '../ports/placement/placement.ts';
import type { RoomsState } from '../running.ts';
import type { ChildMessage, ParentMessage } from './process-messages.ts';

/**
 * Time allowed until ready, counted from the start or from the last progress report; then the process is killed
 * and restarted. There is no limit for the whole start: a restart would have to read the same journal again.
 */
export const START_MS_MAX = 60_000;
const STATE_INTERVAL_MS = 2_000;
/** After this time without a reply the slot gets no new rooms. */
export const UNRESPONSIVE_MS = 10_000;
const RESTART_BACKOFF: Backoff = { firstMs: 100, maxMs: 5_000 };
/** At most this many restarts within the window; the next one waits until the oldest has left the window. */
export const RESTARTS_MAX = 5;
export const RESTART_WINDOW_MS = 10 * 60_000;
/** A game process needs less than this; the main process allows 28 s for everything (`commands/stop.ts`). */
const STOP_MS_MAX = 22_000;
/** How long a reservation counts as a room. By then the slot has opened the room and counts it, or will not open it. */
const RESERVATION_MS = 10_000;

export interface SlotSupervisorDeps {
  /** The slot's name. */
  readonly name: string;
  /** 0 = a free one, which is kept over restarts because pages have its address. */
  readonly port: number;
  readonly world: World;
  readonly log: Log;
  /** Throws when the machine has no process, memory or descriptor left. */
  readonly spawn: (port: number, onMessage: (message: ChildMessage) => void) => ChildProcess<ParentMessage>;
  /** Called when a process that was ready has exited. */
  readonly onExit: (bootId: string) => void;
}

export class SlotSupervisor implements PlacementSlot {
  readonly name: string;
  /** Where the process listens, or listened before it exited; null until the first one was ready. */
  port: number | null;
  private readonly deps: SlotSupervisorDeps;
  private child: ChildProcess<ParentMessage> | null = null;
  /** null until the process is ready. */
  private bootId: string | null = null;
  private state: RoomsState | null = null;
  private respondedAt = 0;
  /** A request is under way. */
  private isStateRequested = false;
  /** What the process reported before it exited. */
  private startError: { readonly code: string; readonly message: string } | null = null;
  /** Exits within the restart window, oldest first. */
  private exitTimes: number[] = [];
  private reservations: number[] = [];
  /** Set until the first start has succeeded or failed. */
  private firstStart: PromiseWithResolvers<void> | null = null;
  private stopping: PromiseWithResolvers<void> | null = null;
  private cancelTimer: () => void = () => {};

  constructor(deps: SlotSupervisorDeps) {
    this.deps = deps;
    this.name = deps.name;
    this.port = deps.port === 0 ? null : deps.port;
  }

  /** Resolves when the process is ready; rejects with a sentence if the first start fails. */
  start(): Promise<void> {
    this.firstStart = Promise.withResolvers<void>();
    const { promise } = this.firstStart;
    this.launch();
    return promise;
  }

  get placement(): Placement | null {
    if (this.bootId === null || this.stopping || this.isUnresponsive || this.state?.unready) return null;
    return { slot: this.name, bootId: this.bootId };
  }

  get rooms(): number {
    const since = this.now() - RESERVATION_MS;
    const old = this.reservations.findIndex((at) => at > since);
    this.reservations.splice(0, old < 0 ? this.reservations.length : old);
    return (this.state?.rooms ?? 0) + this.reservations.length;
  }

  /** Boot id and open rooms of the process; null while none is ready. */
  get currentLoad(): { readonly bootId: string; readonly load: number } | null {
    return this.bootId === null ? null : { bootId: this.bootId, load: this.state?.rooms ?? 0 };
  }

  /** Where the process takes control requests; null while none is ready. */
  get controlAddress(): string | null {
    return this.bootId === null || this.port === null ? null : `http://127.0.0.1:${this.port}`;
  }

  reserve(): void {
    this.reservations.push(this.now());
  }

  /** null = healthy, else a sentence. */
  fault(): string | null {
    if (this.bootId === null) {
      const count = this.exitTimes.length;
      const often =
        count > RESTARTS_MAX ? ` It exited ${count} times within ${RESTART_WINDOW_MS / 60_000} minutes.` : '';
      return `No process serves this slot now; it will be restarted.${often}`;
    }
    if (this.isUnresponsive) return `The process ${this.child?.pid} does not respond.`;
    return this.state?.unready ?? this.state?.fault ?? null;
  }

  /** Asks the process to stop and resolves when it has exited; kills it after STOP_MS_MAX. */
  async stop(): Promise<void> {
    const stopping = (this.stopping ??= Promise.withResolvers<void>());
    this.cancelTimer();
    if (!this.child) return;
    this.child.send({ kind: 'stop' });
    const cancel = this.deps.world.timers.after(STOP_MS_MAX, () => this.kill());
    await stopping.promise;
    cancel();
  }

  /** Kills the process and does not restart it. */
  kill(): void {
    this.stopping ??= Promise.withResolvers<void>();
    this.cancelTimer();
    this.child?.kill();
  }

  private get isUnresponsive(): boolean {
    return this.now() - this.respondedAt > UNRESPONSIVE_MS;
  }

  private now(): number {
    return this.deps.world.clock.mono();
  }

  private launch(): void {
    this.startError = null;
    let child: ChildProcess<ParentMessage>;
    try {
      child = this.deps.spawn(this.port ?? 0, (message) => {
        if (this.child === child) this.handleMessage(message);
      });
    } catch (error) {
      return this.spawnFailed(`It could not be started: ${String(error)}.`);
    }
    this.child = child;
    this.setStartTimeout();
    void child.exited.then((how) => this.childExited(how));
  }

  /** The machine has no process, memory or descriptor left. That is temporary, so it does not count as an exit. */
  private spawnFailed(why: string): void {
    if (this.failFirstStart(why)) return;
    const againInMs = RESTART_BACKOFF.maxMs;
    this.deps.log.error('game process not started', { slot: this.name, why, againInMs });
    this.cancelTimer = this.deps.world.timers.after(againInMs, () => this.launch());
  }

  private setStartTimeout(): void {
    this.cancelTimer();
    this.cancelTimer = this.deps.world.timers.after(START_MS_MAX, () => this.child?.kill());
  }

  private handleMessage(message: ChildMessage): void {
    switch (message.kind) {
      case 'progress':
        if (this.bootId === null) this.setStartTimeout();
        return;
      case 'ready':
        this.cancelTimer();
        this.bootId = message.bootId;
        this.port = message.port;
        this.respondedAt = this.now();
        this.isStateRequested = false;
        this.deps.log.info('game process ready', { slot: this.name, port: message.port });
        this.firstStart?.resolve();
        this.firstStart = null;
        return this.requestState();
      case 'state':
        this.respondedAt = this.now();
        this.isStateRequested = false;
        this.state = message;
        return;
      case 'failed':
        this.startError = message;
        return;
      default:
        message satisfies never;
    }
  }

  private requestState(): void {
    // One request at a time: they would pile up for a process that is not scheduled.
    if (!this.isStateRequested) this.child?.send({ kind: 'get-state' });
    this.isStateRequested = true;
    this.cancelTimer = this.deps.world.timers.after(STATE_INTERVAL_MS, () => this.requestState());
  }

  private childExited(how: string): void {
    this.cancelTimer();
    const { bootId } = this;
    this.child = null;
    this.bootId = null;
    this.state = null;
    if (bootId !== null) this.deps.onExit(bootId);
    if (this.stopping) return this.stopping.resolve();
    const why = this.startError?.message ?? `It exited with ${how}.`;
    if (this.failFirstStart(why)) return;
    // Another program may have taken the port in the meantime.
    if (this.startError?.code === 'port-in-use' && this.deps.port === 0) this.port = null;
    this.scheduleRestart(why);
  }

  /** Returns true if this was the first start, which is not retried: the program exits with the reason. */
  private failFirstStart(why: string): boolean {
    const first = this.firstStart;
    this.firstStart = null;
    first?.reject(new Error(why));
    return first !== null;
  }

  private scheduleRestart(why: string): void {
    const { log, world } = this.deps;
    const now = this.now();
    this.exitTimes = [...this.exitTimes.filter((at) => at > now - RESTART_WINDOW_MS), now];
    const exits = this.exitTimes.length;
    const waitMs =
      exits > RESTARTS_MAX
        ? (this.exitTimes[exits - 1 - RESTARTS_MAX] ?? now) + RESTART_WINDOW_MS - now
        : backoffMs(RESTART_BACKOFF, exits);
    const what = exits > RESTARTS_MAX ? 'game process keeps exiting' : 'game process exited';
    log.error(what, { slot: this.name, why, againInMs: Math.round(waitMs), exits });
    this.cancelTimer = world.timers.after(waitMs, () => this.launch());
  }
}
