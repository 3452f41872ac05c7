/**
 * The log calls of one load, each with a timeout. If the load fails, `release` undoes the open in the log,
 * also one that succeeds after its timeout.
 */
import type { Timers } from '../../../lib/world.ts';
import type {
  Append,
  AppendOutcome,
  Head,
  OpenOutcome,
  RoomLog,
  Run,
} from '../../../ports/room-log/room-log.ts';
import { withTimeout } from './timeout.ts';

export class LogSession {
  private readonly room: string;
  private readonly log: RoomLog;
  private readonly timers: Timers;
  /** The last epoch that the log opened for this load; 0 = none. */
  private epoch = 0;
  /** Settles with the last call, timed out or not; never rejects. */
  private lastRequest: Promise<void> = Promise.resolve();

  constructor(room: string, log: RoomLog, timers: Timers) {
    this.room = room;
    this.log = log;
    this.timers = timers;
  }

  open(epoch: number, archived: Head): Promise<OpenOutcome> {
    const opened = this.log.open(this.room, epoch, archived).then((outcome) => {
      if (outcome.ok) this.epoch = epoch;
      return outcome;
    });
    return this.request(opened);
  }

  read(room: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]> {
    return this.request(this.log.read(room, afterSeq, maxBytes));
  }

  append(entries: Append): Promise<AppendOutcome> {
    return this.request(this.log.append(entries));
  }

  /** Releases what this load opened. It is matched by epoch: a later open of the room is not affected. */
  async release(): Promise<void> {
    await this.lastRequest;
    if (this.epoch > 0) await this.log.release(this.room, this.epoch);
  }

  private request<T>(response: Promise<T>): Promise<T> {
    const ignore = (): void => {};
    this.lastRequest = response.then(ignore, ignore);
    return withTimeout(this.timers, 'the room log', response);
  }
}
