/** The journal with somebody beside it who writes down what it answers, before anybody else is told. */
import type { Append, Head, RoomLog, Run } from '../../src/ports/room-log/room-log.ts';
import type { Oracle } from './oracle.ts';
import type { Scheduler } from './scheduler.ts';

/** Reads what is only in the archive: chunks of records, from the first entry on. */
export type ReadArchive = (room: string) => readonly Uint8Array[];

export function watchedLog(
  log: RoomLog,
  oracle: Oracle,
  scheduler: Scheduler,
  archive: ReadArchive,
): RoomLog {
  const noteAppended = ({ room, epoch, lastSeq, records }: Append): void => {
    const truth = oracle.truth(room);
    if (epoch !== truth.opened) oracle.note(5, `${room}: epoch ${epoch} wrote, open is ${truth.opened}`);
    truth.take(records);
    if (truth.length !== lastSeq)
      oracle.note(5, `${room}: entries up to ${lastSeq} were written over others`);
  };
  return {
    async open(room, epoch, archived) {
      scheduler.event('log', epoch);
      const outcome = await log.open(room, epoch, archived);
      scheduler.mark(`open ${outcome.ok ? 'ok' : outcome.why}`);
      scheduler.trace(() => `log: open ${room} in epoch ${epoch}: ${JSON.stringify(outcome)}`);
      if (outcome.ok) await noteOpened(log, oracle, archive, room, epoch, outcome.head);
      return outcome;
    },
    async append(entries) {
      const { room, epoch, prevSeq, lastSeq } = entries;
      scheduler.event('log', lastSeq);
      const outcome = await log.append(entries);
      scheduler.mark(`append ${outcome}`);
      scheduler.trace(() => `log: append ${room} ${prevSeq + 1}–${lastSeq} in epoch ${epoch}: ${outcome}`);
      if (outcome === 'committed') noteAppended(entries);
      return outcome;
    },
    async read(room, afterSeq, maxBytes): Promise<readonly Run[]> {
      scheduler.event('log', afterSeq);
      const runs = await log.read(room, afterSeq, maxBytes);
      // A reader may be there a moment before the writer hears of its append.
      const truth = oracle.truth(room);
      for (const { first, last, records } of runs)
        if (last > truth.length && first <= truth.length + 1) truth.take(records);
      return runs;
    },
    trim(room, uptoSeq) {
      scheduler.event('log', uptoSeq);
      scheduler.mark('log trimmed');
      scheduler.trace(() => `log: trim ${room} up to ${uptoSeq}`);
      return log.trim(room, uptoSeq);
    },
    release(room, epoch) {
      scheduler.mark('room released');
      scheduler.trace(() => `log: release ${room} in epoch ${epoch}`);
      return log.release(room, epoch);
    },
    liveRooms: () => log.liveRooms(),
    onState: (listener) =>
      log.onState((state) => {
        scheduler.mark(`log ${state}`);
        listener(state);
      }),
    close: () => log.close(),
  };
}

async function noteOpened(
  log: RoomLog,
  oracle: Oracle,
  archive: ReadArchive,
  room: string,
  epoch: number,
  head: Head,
): Promise<void> {
  const truth = oracle.truth(room);
  if (epoch <= truth.opened) oracle.note(5, `${room}: epoch ${epoch} was opened after ${truth.opened}`);
  truth.opened = Math.max(truth.opened, epoch);
  if (head.seq < truth.length)
    oracle.note(1, `${room}: entry ${truth.length} was durable, the log begins again at ${head.seq}`);
  if (head.seq === truth.length) return;
  // What became durable although its process died before it could say so.
  for (const records of archive(room)) truth.take(records);
  for (const { records } of await log.read(room, truth.length, Number.MAX_SAFE_INTEGER)) truth.take(records);
}
