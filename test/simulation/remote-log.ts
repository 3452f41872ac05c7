/**
 * A room log in another process, as one host sees it: every call goes over a connection. A call or its
 * reply may get lost with the connection, and a lost call may still arrive later. An append whose outcome
 * is not known returns `unknown`; one that was certainly not sent, `refused`.
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

/** The log's process. */
export interface LogServer {
  readonly lease: Lease;
  readonly log: RoomLog;
}

interface Call {
  /** The connection was lost: ends the call for the host. */
  fail(): void;
}

const LOST = Symbol('lost');
/** Time from a loss to the next connection, ms. */
const RECONNECT_MS = 400;

export class RemoteLog implements RoomLog {
  private readonly scheduler: Scheduler;
  private readonly faults: Faults;
  private readonly lease: Lease;
  private readonly server: () => LogServer | null;
  private readonly calls = new Set<Call>();
  private readonly listeners: ((state: LogState) => void)[] = [];
  private followedServer: LogServer | null = null;
  private closed = false;

  constructor(scheduler: Scheduler, faults: Faults, lease: Lease, server: () => LogServer | null) {
    this.scheduler = scheduler;
    this.faults = faults;
    this.lease = lease;
    this.server = server;
    this.watch();
  }

  async open(room: string, epoch: number, archived: Head): Promise<OpenOutcome> {
    if (this.connected() === null) return { ok: false, why: 'refused' };
    const outcome = await this.call((log) => log.open(room, epoch, archived));
    // Whether the fence was written is unknown; the next attempt opens a higher epoch.
    return outcome === LOST ? { ok: false, why: 'refused' } : outcome;
  }

  async append(entries: Append): Promise<AppendOutcome> {
    if (this.connected() === null) return 'refused';
    const outcome = await this.call((log) => log.append(entries));
    return outcome === LOST ? 'unknown' : outcome;
  }

  read(room: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]> {
    return this.callOrThrow((log) => log.read(room, afterSeq, maxBytes));
  }

  trim(room: string, uptoSeq: number): Promise<void> {
    return this.callOrThrow((log) => log.trim(room, uptoSeq));
  }

  release(room: string, epoch: number): Promise<void> {
    return this.callOrThrow((log) => log.release(room, epoch));
  }

  liveRooms(): Promise<readonly LiveRoom[]> {
    return this.callOrThrow((log) => log.liveRooms());
  }

  onState(listener: (state: LogState) => void): void {
    this.listeners.push(listener);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** Breaks the connection: all running calls end as lost. Returns whether there were any. */
  breakWire(): boolean {
    const lost = this.calls.size;
    for (const call of this.calls) call.fail();
    this.calls.clear();
    return lost > 0;
  }

  /** Polls for a new server process. */
  private watch(): void {
    this.lease.after(RECONNECT_MS, () => {
      if (this.closed) return;
      const server = this.connected();
      if (server !== this.followedServer) this.follow(server);
      this.watch();
    });
  }

  private follow(server: LogServer | null): void {
    this.followedServer = server;
    // A new process does not reply to calls of the one before.
    this.breakWire();
    this.emit(server === null ? 'hold' : 'serving');
    if (server === null) return;
    server.log.onState((state) =>
      this.deliverLater(() => this.followedServer === server && this.emit(state)),
    );
  }

  private emit(state: LogState): void {
    for (const listener of this.listeners) listener(state);
  }

  private connected(): LogServer | null {
    const server = this.server();
    return server?.lease.alive ? server : null;
  }

  private async callOrThrow<T>(work: (log: RoomLog) => Promise<T>): Promise<T> {
    if (this.connected() === null) throw new Error('the log cannot be reached');
    const outcome = await this.call(work);
    if (outcome === LOST) throw new Error('the reply of the log was lost');
    return outcome;
  }

  private deliverLater(arrive: () => void): void {
    this.scheduler.after(this.scheduler.between(0.05, 1.5), () => this.lease.deliver(arrive));
  }

  private call<T>(work: (log: RoomLog) => Promise<T>): Promise<T | typeof LOST> {
    const scheduler = this.scheduler;
    return new Promise((resolve, reject) => {
      const call: Call = { fail: () => this.deliverLater(() => resolve(LOST)) };
      const server = this.connected();
      this.calls.add(call);
      const done = (tell: () => void) => {
        if (this.calls.delete(call)) this.deliverLater(tell);
      };
      const isLost = scheduler.chance(this.faults.wireLossRate);
      // Half of the lost calls arrive much later.
      const late = isLost && scheduler.chance(0.5) ? scheduler.between(1, 3_000) : 0;
      if (isLost) scheduler.countFault('wire loses');
      if (isLost) scheduler.after(RECONNECT_MS, () => done(() => resolve(LOST)));
      scheduler.after(scheduler.between(0.05, 1.5) + late, () => {
        if (late > 0) scheduler.count('wire: call arrived late');
        const answer = (tell: () => void): void => {
          if (!isLost) done(tell);
        };
        server?.lease.deliver(() => void carryOut(work(server.log), answer, resolve, reject));
      });
    });
  }
}

/** Takes the outcome at once, and sends it through `answer`. */
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
