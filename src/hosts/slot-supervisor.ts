/**
 * One slot with a process of its own: started, asked how it is, and started again on its own
 * journal when it dies. Too many deaths in a row are no accident: then it pauses, is reported as
 * not ready, and the other slots go on.
 */
import type { ChildProcess } from '../lib/child.ts';
import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import type { ParentMessage, RoomsState, ChildMessage } from '../running.ts';
import type { Placement } from '../ports/placement/placement.ts';
import type { PlacementSlot } from '../ports/placement/placement.ts';

/**
 * It serves so long after it was started, or after it last said that it reads its journal; else it is
 * ended and tried again. The whole has no bound: a journal that is long takes long, and the next try
 * would have to read it, too.
 */
export const START_MS_MAX = 60_000;
const LOOK_MS = 2_000;
/** Without an answer for so long it gets no new rooms. */
export const SILENT_MS = 10_000;
/** Players wait for it: the first restart comes almost at once, later ones after ever longer pauses. */
const RESTART_MS_FIRST = 100;
const RESTART_MS_MAX = 5_000;
/** So many restarts within the time; the next one waits until the time allows it. */
export const RESTARTS_MAX = 5;
export const RESTARTS_MS = 10 * 60_000;
/** Longer than a game process gives itself (`STOP_MS_MAX` of commands/stop.ts is for both together). */
const STOP_MS_MAX = 22_000;
/** A room that was placed counts so long, whether or not somebody has opened it. */
const EXPECTED_MS = 10_000;

export interface SlotSupervisorOptions {
  readonly name: string;
  /** 0 = a free one; after a restart the same again, since pages know it. */
  readonly port: number;
  readonly world: World;
  readonly log: Log;
  readonly spawn: (port: number, onMessage: (word: ChildMessage) => void) => ChildProcess<ParentMessage>;
  /** The process that booted with this id is gone. */
  readonly onGone: (bootId: string) => void;
}

export class SlotSupervisor implements PlacementSlot {
  readonly name: string;
  /** Where it listens, or did before it died. */
  port: number | null;
  private readonly options: SlotSupervisorOptions;
  private child: ChildProcess<ParentMessage> | null = null;
  private bootId: string | null = null;
  private state: RoomsState | null = null;
  private answeredAt = 0;
  /** A look was asked for and not answered yet. */
  private asking = false;
  private refusal: { readonly code: string; readonly message: string } | null = null;
  private deaths: number[] = [];
  /** When the rooms were placed that may not be open yet. */
  private expected: number[] = [];
  private first: { readonly resolve: () => void; readonly reject: (why: string) => void } | null = null;
  private stopping: PromiseWithResolvers<void> | null = null;
  private cancelTimer: () => void = () => {};

  constructor(options: SlotSupervisorOptions) {
    this.options = options;
    this.name = options.name;
    this.port = options.port === 0 ? null : options.port;
  }

  /** Resolves when it serves; rejects with a sentence when the first try fails. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.first = { resolve, reject: (why) => reject(new Error(why)) };
      this.launch();
    });
  }

  get place(): Placement | null {
    const ready = this.bootId !== null && !this.stopping && !this.silent && !this.state?.unready;
    return ready && this.bootId !== null ? { slot: this.name, bootId: this.bootId } : null;
  }

  get rooms(): number {
    const since = this.now() - EXPECTED_MS;
    const old = this.expected.findIndex((at) => at > since);
    this.expected.splice(0, old < 0 ? this.expected.length : old);
    return (this.state?.rooms ?? 0) + this.expected.length;
  }

  /** Of its present process; null while there is none that serves. */
  get boot(): { readonly bootId: string; readonly load: number } | null {
    return this.bootId === null ? null : { bootId: this.bootId, load: this.state?.rooms ?? 0 };
  }

  /** The private address for control; null while nobody serves. */
  get address(): string | null {
    return this.bootId === null || this.port === null ? null : `http://127.0.0.1:${this.port}`;
  }

  expectRoom(): void {
    this.expected.push(this.now());
  }

  /** null if well, else a sentence. */
  fault(): string | null {
    if (this.bootId === null) {
      const often = this.deaths.length > RESTARTS_MAX ? ` It died ${this.deaths.length} times in a row.` : '';
      return `No process serves this slot now; it is started again.${often}`;
    }
    if (this.silent) return `The process ${this.child?.pid} does not answer.`;
    return this.state?.unready ?? this.state?.fault ?? null;
  }

  /** In order, within a bounded time; then it is ended. */
  async stop(): Promise<void> {
    const stopping = (this.stopping ??= Promise.withResolvers<void>());
    this.cancelTimer();
    if (!this.child) return;
    this.child.send({ kind: 'stop' });
    const cancel = this.options.world.timers.after(STOP_MS_MAX, () => this.kill());
    await stopping.promise;
    cancel();
  }

  kill(): void {
    this.stopping ??= Promise.withResolvers<void>();
    this.cancelTimer();
    this.child?.kill();
  }

  private get silent(): boolean {
    return this.now() - this.answeredAt > SILENT_MS;
  }

  private now(): number {
    return this.options.world.clock.mono();
  }

  private launch(): void {
    this.refusal = null;
    let child: ChildProcess<ParentMessage>;
    try {
      child = this.options.spawn(this.port ?? 0, (word) => {
        if (this.child === child) this.hear(word);
      });
    } catch (error) {
      return this.notStarted(`It could not be started: ${String(error)}.`);
    }
    this.child = child;
    this.limitStart();
    void child.ended.then((how) => this.ended(how));
  }

  /** No descriptor, memory or process is left: no fault of the slot's, and it passes. */
  private notStarted(why: string): void {
    if (this.first) {
      this.first.reject(why);
      this.first = null;
      return;
    }
    this.options.log.error('game process not started', { slot: this.name, why, againInMs: RESTART_MS_MAX });
    this.cancelTimer = this.options.world.timers.after(RESTART_MS_MAX, () => this.launch());
  }

  private limitStart(): void {
    this.cancelTimer();
    this.cancelTimer = this.options.world.timers.after(START_MS_MAX, () => this.child?.kill());
  }

  private hear(word: ChildMessage): void {
    switch (word.kind) {
      case 'reading':
        if (this.bootId === null) this.limitStart();
        return;
      case 'ready':
        this.cancelTimer();
        this.bootId = word.bootId;
        this.port = word.port;
        this.answeredAt = this.now();
        this.asking = false;
        this.options.log.info('game process ready', { slot: this.name, port: word.port });
        this.first?.resolve();
        this.first = null;
        return this.look();
      case 'state':
        this.answeredAt = this.now();
        this.asking = false;
        this.state = word;
        return;
      case 'refused':
        this.refusal = word;
        return;
      default:
        word satisfies never;
    }
  }

  private look(): void {
    // One question at a time: for a process that stands still they would pile up.
    if (!this.asking) this.child?.send({ kind: 'look' });
    this.asking = true;
    this.cancelTimer = this.options.world.timers.after(LOOK_MS, () => this.look());
  }

  private ended(how: string): void {
    this.cancelTimer();
    const { bootId } = this;
    this.child = null;
    this.bootId = null;
    this.state = null;
    if (bootId !== null) this.options.onGone(bootId);
    if (this.stopping) return this.stopping.resolve();
    const why = this.refusal?.message ?? `It ended with ${how}.`;
    if (this.first) {
      this.first.reject(why);
      this.first = null;
      return;
    }
    // Somebody else may have taken the port that was free before.
    if (this.refusal?.code === 'port-in-use' && this.options.port === 0) this.port = null;
    this.again(why);
  }

  private again(why: string): void {
    const { log, world } = this.options;
    const now = this.now();
    this.deaths = [...this.deaths.filter((at) => at > now - RESTARTS_MS), now];
    const count = this.deaths.length;
    const waitMs =
      count > RESTARTS_MAX
        ? (this.deaths[count - 1 - RESTARTS_MAX] ?? now) + RESTARTS_MS - now
        : Math.min(RESTART_MS_MAX, RESTART_MS_FIRST * 2 ** (count - 1));
    const what = count > RESTARTS_MAX ? 'game process ends again and again' : 'game process ended';
    log.error(what, { slot: this.name, why, againInMs: Math.round(waitMs), deaths: count });
    this.cancelTimer = world.timers.after(waitMs, () => this.launch());
  }
}
