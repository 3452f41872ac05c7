/**
 * How an evening ends: the faults stop, everybody comes to rest at the same place, and after one more
 * power cut, archive and log together say what everybody saw.
 */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { readRecord } from '../../sdk/protocol/record.ts';
import type { Evening } from './scenario.ts';
import { ROOMS } from './seed-data.ts';

/** Without faults everybody is current again within this time, ms. */
const QUIET_MS = 240_000;
const RESTART_MS = 60_000;

export function endEvening(evening: Evening): void {
  const { scheduler, oracle, journal } = evening;
  heal(evening);
  const still = scheduler.until(() => isAtRest(evening), QUIET_MS);
  oracle.verdict();
  if (!still) oracle.note('liveness', `no rest: ${describe(evening)}`);
  for (const page of still ? evening.pages() : []) {
    page.check();
    page.checkTalk();
  }
  oracle.checkMoves();
  oracle.verdict();
  // What is promised must outlast this, too. Nobody comes back: the log stands still.
  evening.network.up = false;
  evening.killAll('everything');
  journal.start();
  if (!scheduler.until(() => journal.running !== null, RESTART_MS)) oracle.note('liveness', 'no restart');
  evening.archive.forget();
  for (const room of ROOMS) if (journal.running !== null) compare(evening, room);
  oracle.verdict();
}

function heal(evening: Evening): void {
  evening.network.up = true;
  evening.misrouted = false;
  evening.faults.end();
  evening.database.failing = 0;
  evening.disk.setCapacity(Number.POSITIVE_INFINITY);
  evening.rival.kill();
  // Nothing but its next append tells a host that a room is another's: leases are for that.
  for (const host of evening.hosts) host.kill();
  for (const { lease } of evening.servers()) if (lease.frozen) lease.thaw();
  if (evening.journal.lease?.frozen) evening.journal.lease.thaw();
  for (const device of evening.devices) for (const page of [...device.pages].slice(1)) page.die();
}

/** Also sees to what operators and players would: what stopped is started again. */
function isAtRest(evening: Evening): boolean {
  evening.startAll();
  evening.rival.kill();
  let isStill = true;
  for (const device of evening.devices) {
    const [page] = device.pages;
    // Messages of a page that is gone wait for a page that takes them over.
    const orphans = [...device.rows.keys()].some((client) => !device.locks.has(client));
    const stopped = page === undefined || page.session.status() === 'stopped';
    if (stopped || (orphans && page.session.status() === 'live' && page.session.unsent() === 0)) {
      page?.die();
      evening.open(device);
    }
    isStill &&= !stopped && page.session.status() === 'live' && page.session.unsent() === 0;
    isStill &&= device.rows.size === 0;
  }
  return isStill && ROOMS.every((room) => areAtTheHead(evening, room));
}

/**
 * A page that has not noticed yet that its connection is gone may stand at a number that another course of
 * things has reached since: the epoch tells.
 */
export function areAtTheHead(evening: Evening, room: string): boolean {
  const truth = evening.oracle.truth(room);
  return evening.pages().every(({ device, session }) => {
    if (device.room !== room) return true;
    const { epoch, seq } = session.position();
    return seq === truth.length && (seq === 0 || truth.holds(epoch, seq));
  });
}

function describe(evening: Evening): string {
  const pages = evening.pages().map(({ name, session, device }) => {
    const code = session.stopCode() ?? '';
    return `${name} ${session.status()} ${code} at ${session.position().seq} unsent ${session.unsent()} kept ${device.rows.size}`;
  });
  const heads = ROOMS.map((room) => evening.oracle.truth(room).length).join(', ');
  return [...pages, evening.journal.running ? 'journal up' : 'journal down', `heads ${heads}`].join('; ');
}

/** Archive and live log as one, from entry 1 on, are what everybody was shown (rules 1 and 10). */
function compare(evening: Evening, room: string): void {
  const { oracle, archive, scheduler, journal } = evening;
  const truth = oracle.truth(room);
  let length = archive.look(room);
  if (length > 0) scheduler.mark('room archived');
  let runs: readonly { readonly records: Uint8Array }[] = [];
  void journal.running?.journal.read(room, length, Number.MAX_SAFE_INTEGER).then((read) => (runs = read));
  scheduler.advance(0);
  for (const { records } of runs) {
    const reader = new Reader(records);
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (record === null) return oracle.note(10, `${room}: bytes that are no record after ${length}`);
      if (record.seq > length + 1) return oracle.note(10, `${room}: entry ${length + 1} is nowhere`);
      if (record.seq <= length) continue;
      length++;
      if (length <= truth.length && !truth.isEntry(length, records.subarray(start, reader.at)))
        oracle.note(10, `${room}: entry ${length} is not what it was`);
    }
  }
  if (length < truth.length)
    oracle.note(1, `${room}: entry ${truth.length} was shown, the log has ${length}`);
}
