/** A room log in front of another one, whose answers a test can hold back or replace. */
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

export class SwitchedRoomLog implements RoomLog {
  readonly appends: Append[] = [];
  readonly opens: { readonly room: string; readonly epoch: number }[] = [];
  readonly releases: string[] = [];
  reads = 0;
  /** Answers of the next appends instead of the real log's; 'refused' and 'fenced' write nothing. */
  readonly nextAppends: AppendOutcome[] = [];
  readonly nextOpens: OpenOutcome[] = [];
  /** While set, appends wait; resolving it lets them go on. */
  gate: Promise<void> | null = null;
  private readonly real: RoomLog;
  private readonly listeners: ((state: LogState) => void)[] = [];

  constructor(real: RoomLog) {
    this.real = real;
    real.onState((state) => this.say(state));
  }

  /** Holds appends back until the answer is called. */
  block(): () => void {
    let open = () => {};
    this.gate = new Promise((resolve) => (open = resolve));
    return () => {
      this.gate = null;
      open();
    };
  }

  say(state: LogState): void {
    for (const listener of this.listeners) listener(state);
  }

  async open(room: string, epoch: number, archived: Head): Promise<OpenOutcome> {
    this.opens.push({ room, epoch });
    return this.nextOpens.shift() ?? this.real.open(room, epoch, archived);
  }

  async append(entries: Append): Promise<AppendOutcome> {
    this.appends.push(entries);
    if (this.gate) await this.gate;
    const instead = this.nextAppends.shift();
    // An unknown outcome may well be a commit.
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
