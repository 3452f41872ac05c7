/**
 * A room log that several hosts share, as one host sees it: every call goes over a wire. A call or its
 * answer may get lost with the connection, and a lost call may still arrive, late. What is not known
 * is said to be unknown; what surely never left is refused.
 */
import type {
  Append,
  AppendOutcome,
  Head,
  LiveRoom,
  LogState,
  OpenOutcome,
  RoomLog,
  Run,
} from '../../src/ports/room-log/room-log.ts';
import type { Faults } from './faults.ts';
import type { Lease } from './lease.ts';
import type { Scheduler } from './scheduler.ts';

/** The log's own process, as far as it is there. */
export interface LogServer {
  readonly lease: Lease;
  readonly log: RoomLog;
}

interface Call {
  /** The connection is gone: the host is told so. */
  lose(): void;
}

const LOST = Symbol('lost');
/** After a loss the wire is there again so soon, ms. */
const RECONNECT_MS = 400;

export class RemoteLog implements RoomLog {
  readonly #scheduler: Scheduler;
  readonly #faults: Faults;
  readonly #lease: Lease;
  readonly #server: () => LogServer | null;
  readonly #calls = new Set<Call>();
  readonly #listeners: ((state: LogState) => void)[] = [];
  #followed: LogServer | null = null;
  #closed = false;

  constructor(scheduler: Scheduler, faults: Faults, lease: Lease, server: () => LogServer | null) {
    this.#scheduler = scheduler;
    this.#faults = faults;
    this.#lease = lease;
    this.#server = server;
    this.#watch();
  }

  async open(room: string, epoch: number, archived: Head): Promise<OpenOutcome> {
    if (this.#connected() === null) return { ok: false, why: 'refused' };
    const outcome = await this.#call((log) => log.open(room, epoch, archived));
    // Whether the fence stands is unknown; a next attempt opens a higher epoch.
    return outcome === LOST ? { ok: false, why: 'refused' } : outcome;
  }

  async append(entries: Append): Promise<AppendOutcome> {
    if (this.#connected() === null) return 'refused';
    const outcome = await this.#call((log) => log.append(entries));
    return outcome === LOST ? 'unknown' : outcome;
  }

  read(room: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]> {
    return this.#certain((log) => log.read(room, afterSeq, maxBytes));
  }

  trim(room: string, uptoSeq: number): Promise<void> {
    return this.#certain((log) => log.trim(room, uptoSeq));
  }

  release(room: string, epoch: number): Promise<void> {
    return this.#certain((log) => log.release(room, epoch));
  }

  liveRooms(): Promise<readonly LiveRoom[]> {
    return this.#certain((log) => log.liveRooms());
  }

  onState(listener: (state: LogState) => void): void {
    this.#listeners.push(listener);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  /** The connection breaks: everything under way is lost to the host. Answers whether anything was. */
  breakWire(): boolean {
    const lost = this.#calls.size;
    for (const call of this.#calls) call.lose();
    this.#calls.clear();
    return lost > 0;
  }

  /** Follows the server as it comes and goes. */
  #watch(): void {
    this.#lease.after(RECONNECT_MS, () => {
      if (this.#closed) return;
      const server = this.#connected();
      if (server !== this.#followed) this.#follow(server);
      this.#watch();
    });
  }

  #follow(server: LogServer | null): void {
    this.#followed = server;
    // What was asked of a process that is gone is not answered by its successor.
    this.breakWire();
    this.#say(server === null ? 'hold' : 'serving');
    if (server === null) return;
    server.log.onState((state) => this.#travel(() => this.#followed === server && this.#say(state)));
  }

  #say(state: LogState): void {
    for (const listener of this.#listeners) listener(state);
  }

  #connected(): LogServer | null {
    const server = this.#server();
    return server?.lease.alive ? server : null;
  }

  async #certain<T>(work: (log: RoomLog) => Promise<T>): Promise<T> {
    if (this.#connected() === null) throw new Error('the log cannot be reached');
    const outcome = await this.#call(work);
    if (outcome === LOST) throw new Error('the log did not answer');
    return outcome;
  }

  #travel(arrive: () => void): void {
    this.#scheduler.after(this.#scheduler.between(0.05, 1.5), () => this.#lease.deliver(arrive));
  }

  #call<T>(work: (log: RoomLog) => Promise<T>): Promise<T | typeof LOST> {
    const scheduler = this.#scheduler;
    return new Promise((resolve, reject) => {
      const call: Call = { lose: () => this.#travel(() => resolve(LOST)) };
      const server = this.#connected();
      this.#calls.add(call);
      const done = (tell: () => void) => {
        if (this.#calls.delete(call)) this.#travel(tell);
      };
      const isLost = scheduler.chance(this.#faults.wireLosing);
      // One that is lost on its way may turn up much later.
      const late = isLost && scheduler.chance(0.5) ? scheduler.between(1, 3_000) : 0;
      if (isLost) scheduler.strike('wire loses');
      if (isLost) scheduler.after(RECONNECT_MS, () => done(() => resolve(LOST)));
      scheduler.after(scheduler.between(0.05, 1.5) + late, () => {
        if (late > 0) scheduler.mark('wire: call arrived late');
        const answer = (tell: () => void): void => {
          if (!isLost) done(tell);
        };
        server?.lease.deliver(() => void carryOut(work(server.log), answer, resolve, reject));
      });
    });
  }
}

/** Looks at the outcome at once, and tells it on its way. */
async function carryOut<T>(
  outcome: Promise<T>,
  answer: (tell: () => void) => void,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Promise<void> {
  try {
    const value = await outcome;
    answer(() => resolve(value));
  } catch (error) {
    answer(() => reject(error));
  }
}
