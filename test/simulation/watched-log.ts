/**
 * Wraps the journal: records its replies in the durable model, and checks them (I1, I5), before the caller
 * receives them.
 */
import type { Append, Head, RoomLog, Run } from '../../src/ports/room-log/room-log.ts';
import type { Oracle } from './oracle.ts';
import type { Scheduler } from './scheduler.ts';

/** The archived records of a room, by chunk, from the first entry on. */
export type ReadArchive = (room: string) => readonly Uint8Array[];

export function watchedLog(
  log: RoomLog,
  oracle: Oracle,
  scheduler: Scheduler,
  archive: ReadArchive,
): RoomLog {
  const recordAppended = ({ room, epoch, lastSeq, records }: Append): void => {
    const model = oracle.model(room);
    if (epoch !== model.openedEpoch)
      oracle.report('I5', `${room}: epoch ${epoch} wrote, open is ${model.openedEpoch}`);
    model.append(records);
    if (model.length !== lastSeq)
      oracle.report('I5', `${room}: entries up to ${lastSeq} were written over others`);
  };
  return {
    async open(room, epoch, archived) {
      scheduler.event('log', epoch);
      const outcome = await log.open(room, epoch, archived);
      scheduler.count(`open ${outcome.ok ? 'ok' : outcome.why}`);
      scheduler.trace(() => `log: open ${room} in epoch ${epoch}: ${JSON.stringify(outcome)}`);
      if (outcome.ok) await recordOpened(log, oracle, archive, room, epoch, outcome.head);
      return outcome;
    },
    async append(entries) {
      const { room, epoch, prevSeq, lastSeq } = entries;
      scheduler.event('log', lastSeq);
      const outcome = await log.append(entries);
      scheduler.count(`append ${outcome}`);
      scheduler.trace(() => `log: append ${room} ${prevSeq + 1}–${lastSeq} in epoch ${epoch}: ${outcome}`);
      if (outcome === 'committed') recordAppended(entries);
      return outcome;
    },
    async read(room, afterSeq, maxBytes): Promise<readonly Run[]> {
      scheduler.event('log', afterSeq);
      const runs = await log.read(room, afterSeq, maxBytes);
      // A read may return an append before its writer receives the outcome.
      const model = oracle.model(room);
      for (const { first, last, records } of runs)
        if (last > model.length && first <= model.length + 1) model.append(records);
      return runs;
    },
    trim(room, uptoSeq) {
      scheduler.event('log', uptoSeq);
      scheduler.count('log trimmed');
      scheduler.trace(() => `log: trim ${room} up to ${uptoSeq}`);
      return log.trim(room, uptoSeq);
    },
    release(room, epoch) {
      scheduler.count('room released');
      scheduler.trace(() => `log: release ${room} in epoch ${epoch}`);
      return log.release(room, epoch);
    },
    liveRooms: () => log.liveRooms(),
    onState: (listener) =>
      log.onState((state) => {
        scheduler.count(`log ${state}`);
        listener(state);
      }),
    close: () => log.close(),
  };
}

async function recordOpened(
  log: RoomLog,
  oracle: Oracle,
  archive: ReadArchive,
  room: string,
  epoch: number,
  head: Head,
): Promise<void> {
  const model = oracle.model(room);
  if (epoch <= model.openedEpoch)
    oracle.report('I5', `${room}: epoch ${epoch} was opened after ${model.openedEpoch}`);
  model.openedEpoch = Math.max(model.openedEpoch, epoch);
  if (head.seq < model.length)
    oracle.report('I1', `${room}: entry ${model.length} was durable, the log begins again at ${head.seq}`);
  if (head.seq === model.length) return;
  // Entries that became durable although their process was killed before it could report them.
  for (const records of archive(room)) model.append(records);
  for (const { records } of await log.read(room, model.length, Number.MAX_SAFE_INTEGER))
    model.append(records);
}
