/** Backups as an operator makes them: first the files of the log, one after another, then the database. */
import { noteDevices } from './control-actions.ts';
import type { Evening } from './scenario.ts';
import { ROOMS } from './seed-data.ts';
import { DIRECTORY } from './processes.ts';

export interface Backup {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly database: Uint8Array;
  /** What of each room's log is surely in it. */
  readonly entries: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** Bringing back a backup takes an operator so long, ms; by then no epoch of before is to come. */
const RESTORE_MS = 600_000;

/** Copies while everything goes on; a backup that cannot be made is left. */
export async function takeBackup(evening: Evening): Promise<void> {
  const { scheduler, disk, oracle, database, journal } = evening;
  const process = journal.lease;
  // A start under way writes over what stands in files: such a copy is worth nothing.
  if (process !== null && journal.running === null) return;
  const lease = scheduler.lease();
  const pause = () => new Promise<void>((resolve) => lease.after(scheduler.between(0, 20), resolve));
  const entries = new Map(ROOMS.map((room) => [room, oracle.truth(room).entries()]));
  const files = new Map<string, Uint8Array>();
  const names = await disk.list(DIRECTORY).catch(() => []);
  // The newest first: the other way round, a segment could begin behind where its forerunner's copy ends.
  for (const name of names.toSorted((left, right) => (left < right ? 1 : -1))) {
    await pause();
    const bytes = disk.peek(`${DIRECTORY}/${name}`);
    if (bytes === null || evening.disk !== disk || journal.lease !== process) return;
    files.set(name, bytes);
  }
  await pause();
  const copy = await database.copy(lease);
  if (evening.disk !== disk || files.size === 0) return;
  scheduler.mark('backup made');
  evening.backups.push({ files, database: copy, entries });
}

/** A new machine with what the backup has. Who had seen more must hear so. */
export function restore(evening: Evening, backup: Backup): void {
  const { files, database, entries } = backup;
  const { scheduler, oracle } = evening;
  // Later ones are of a course of things that never was. Whoever restores one of those after all can
  // lose messages that pages have numbered anew meanwhile: no page can tell the two courses apart.
  evening.backups.splice(evening.backups.indexOf(backup) + 1);
  evening.killAll(null);
  evening.disk = evening.newDisk();
  for (const [name, bytes] of files) evening.disk.place(`${DIRECTORY}/${name}`, bytes);
  evening.database.restore(database);
  // Players who changed their device or got a new link since join once more.
  noteDevices(evening);
  const echoed = new Set(ROOMS.flatMap((room) => [...oracle.truth(room).places.keys()]));
  evening.archive.forget();
  for (const [room, kept] of entries) {
    oracle.truth(room).rewind(kept);
    // The database was copied last: what it has beyond the log's files is in the room, too.
    for (const records of evening.database.archiveNow(room)) oracle.truth(room).take(records);
  }
  for (const move of oracle.moves.values()) {
    // It was echoed, and is nowhere any more.
    if (echoed.has(move.id) && !oracle.truth(move.room).places.has(move.id)) move.owed = false;
  }
  oracle.forgetRight();
  evening.restores++;
  scheduler.wallOffset += RESTORE_MS;
  scheduler.mark('backup restored');
  const lengths = ROOMS.map((room) => oracle.truth(room).length);
  scheduler.trace(() => `a backup is restored: ${lengths.join(', ')} entries`);
}
