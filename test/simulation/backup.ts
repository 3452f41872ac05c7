/** Backups as an operator makes them: first the files of the log one after another, then the database. */
import { pause } from '../../src/lib/pause.ts';
import { writeDevices } from './control-actions.ts';
import type { Backup, Scenario } from './scenario.ts';
import { ROOMS } from './seed-data.ts';
import { DIRECTORY } from './processes.ts';

/** Time that a restore takes, ms; afterwards no epoch of before the restore may be used again. */
const RESTORE_MS = 600_000;

/** Copies while everything runs; a backup that cannot be completed is dropped. */
export async function takeBackup(scenario: Scenario): Promise<void> {
  const { scheduler, disk, oracle, database, journal } = scenario;
  const process = journal.lease;
  // A journal that starts overwrites parts of its files: a copy taken meanwhile is worthless.
  if (process !== null && journal.running === null) return;
  const lease = scheduler.lease();
  const wait = () => pause(lease, scheduler.between(0, 20));
  const entries = new Map(ROOMS.map((room) => [room, oracle.model(room).entries()]));
  const files = new Map<string, Uint8Array>();
  const names = await disk.list(DIRECTORY).catch(() => []);
  // Newest first: in the other order, a segment could begin after the end of its predecessor's copy.
  for (const name of names.toSorted((left, right) => (left < right ? 1 : -1))) {
    await wait();
    const bytes = disk.peek(`${DIRECTORY}/${name}`);
    if (bytes === null || scenario.disk !== disk || journal.lease !== process) return;
    files.set(name, bytes);
  }
  await wait();
  const copy = await database.copy(lease);
  if (scenario.disk !== disk || files.size === 0) return;
  scheduler.count('backup made');
  scenario.backups.push({ files, database: copy, entries });
}

/** Restores a backup on a new disk. Clients that saw later entries must be reset. */
export function restore(scenario: Scenario, backup: Backup): void {
  const { files, database, entries } = backup;
  const { scheduler, oracle } = scenario;
  // Later backups are of a discarded history. Restoring one of them after all could lose messages that pages
  // have renumbered meanwhile: no page can tell the two histories apart.
  scenario.backups.splice(scenario.backups.indexOf(backup) + 1);
  scenario.killAll(null);
  scenario.disk = scenario.newDisk();
  for (const [name, bytes] of files) scenario.disk.putFile(`${DIRECTORY}/${name}`, bytes);
  scenario.database.restore(database);
  // Players who changed their device or got a new link since the backup join again.
  writeDevices(scenario);
  const echoed = new Set(ROOMS.flatMap((room) => [...oracle.model(room).moveSeqs.keys()]));
  scenario.archive.reset();
  for (const [room, kept] of entries) {
    oracle.model(room).rewind(kept);
    // The database was copied last: archived entries beyond the copied log files are in the room, too.
    for (const records of scenario.database.archivedRecords(room)) oracle.model(room).append(records);
  }
  for (const move of oracle.moves.values()) {
    // It was echoed, and the restore lost it.
    if (echoed.has(move.id) && !oracle.model(move.room).moveSeqs.has(move.id)) move.isExpected = false;
  }
  oracle.reset();
  scenario.restores++;
  scheduler.wallOffset += RESTORE_MS;
  scheduler.count('backup restored');
  const lengths = ROOMS.map((room) => oracle.model(room).length);
  scheduler.trace(() => `a backup is restored: ${lengths.join(', ')} entries`);
}
