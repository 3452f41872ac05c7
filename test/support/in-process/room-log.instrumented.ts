/** A room log that wraps another one, records calls, and lets a test delay appends or replace results. */
import type {
  Append,
  AppendOutcome,
  Head,
  LiveRoom,
  LogState,
  OpenOutcome,
  RoomLog,
  Run,
} from '../../../src/ports/room-log/room-log.ts';

export class InstrumentedRoomLog implements RoomLog {
  readonly appends: Append[] = [];
  readonly opens: { readonly room: string; readonly epoch: number }[] = [];
  readonly releases: string[] = [];
  reads = 0;
  /** Results of the next appends; with 'refused' and 'fenced' nothing is written. */
  readonly nextAppends: AppendOutcome[] = [];
  /** Results of the next opens; nothing is opened. */
  readonly nextOpens: OpenOutcome[] = [];
  /** Appends wait for it. */
  appendGate: Promise<void> | null = null;
  private readonly real: RoomLog;
  private readonly listeners: ((state: LogState) => void)[] = [];

  constructor(real: RoomLog) {
    this.real = real;
    real.onState((state) => this.emitState(state));
  }

  /** Delays appends until the returned function is called. */
  holdAppends(): () => void {
    let open = () => {};
    this.appendGate = new Promise((resolve) => (open = resolve));
    return () => {
      this.appendGate = null;
      open();
    };
  }

  emitState(state: LogState): void {
    for (const listener of this.listeners) listener(state);
  }

  async open(room: string, epoch: number, archived: Head): Promise<OpenOutcome> {
    this.opens.push({ room, epoch });
    return this.nextOpens.shift() ?? this.real.open(room, epoch, archived);
  }

  async append(entries: Append): Promise<AppendOutcome> {
    this.appends.push(entries);
    if (this.appendGate) await this.appendGate;
    const instead = this.nextAppends.shift();
    // 'unknown' is returned although the entries were written.
    if (instead === 'unknown') await this.real.append(entries);
    return instead ?? this.real.append(entries);
  }

  read(room: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]> {
    this.reads++;
    return this.real.read(room, afterSeq, maxBytes);
  }

  trim(room: string, uptoSeq: number): Promise<void> {
    return this.real.trim(room, uptoSeq);
  }

  async release(room: string, epoch: number): Promise<void> {
    this.releases.push(room);
    await this.real.release(room, epoch);
  }

  liveRooms(): Promise<readonly LiveRoom[]> {
    return this.real.liveRooms();
  }

  onState(listener: (state: LogState) => void): void {
    this.listeners.push(listener);
  }

  close(): Promise<void> {
    return this.real.close();
  }
}
