/**
 * What one load asks of the log. The log has as long for each answer as the database; a load that ends without a
 * room lets go of what the log opened for it, also of what it opens when nobody waits any more.
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
  /** The last epoch that the log opened for this load, 0 = none. */
  private epoch = 0;
  /** Done when the log has answered what it was asked last; never fails. */
  private answered: Promise<void> = Promise.resolve();

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
    return this.ask(opened);
  }

  read(room: string, afterSeq: number, maxBytes: number): Promise<readonly Run[]> {
    return this.ask(this.log.read(room, afterSeq, maxBytes));
  }

  append(entries: Append): Promise<AppendOutcome> {
    return this.ask(this.log.append(entries));
  }

  /** The room is not entered. By its epoch this touches nobody who opened it since. */
  async release(): Promise<void> {
    await this.answered;
    if (this.epoch > 0) await this.log.release(this.room, this.epoch);
  }

  private ask<T>(answer: Promise<T>): Promise<T> {
    const answered = (): void => {};
    this.answered = answer.then(answered, answered);
    return withTimeout(this.timers, 'the room log', answer);
  }
}
