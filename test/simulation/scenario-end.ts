/**
 * The end of a run: faults stop, all pages must become current, and after one more power cut, archive and
 * log together must hold what was shown.
 */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { readRecord } from '../../sdk/protocol/record.ts';
import type { Scenario } from './scenario.ts';
import { ROOMS } from './seed-data.ts';

/** Without faults all pages are current within this time, ms. */
const QUIET_MS = 240_000;
const RESTART_MS = 60_000;

export function endScenario(scenario: Scenario): void {
  const { scheduler, oracle, journal } = scenario;
  endFaults(scenario);
  const quiet = scheduler.until(() => isQuiet(scenario), QUIET_MS);
  oracle.throwViolation();
  if (!quiet) oracle.report('liveness', `no rest: ${describe(scenario)}`);
  for (const page of quiet ? scenario.pages() : []) {
    page.check();
    page.checkChat();
  }
  oracle.checkMoves();
  oracle.throwViolation();
  // What was shown must survive this, too. No page reconnects, so the log does not grow.
  scenario.network.up = false;
  scenario.killAll('everything');
  journal.start();
  if (!scheduler.until(() => journal.running !== null, RESTART_MS)) oracle.report('liveness', 'no restart');
  scenario.archive.reset();
  for (const room of ROOMS) if (journal.running !== null) compareLogs(scenario, room);
  oracle.throwViolation();
}

function endFaults(scenario: Scenario): void {
  scenario.network.up = true;
  scenario.misrouted = false;
  scenario.faults.clear();
  scenario.database.failureRate = 0;
  scenario.disk.setCapacity(Number.POSITIVE_INFINITY);
  scenario.rival.kill();
  // Without host leases, only its next append tells a host that it lost a room: end the hosts.
  for (const host of scenario.hosts) host.kill();
  for (const { lease } of scenario.servers()) if (lease.frozen) lease.thaw();
  if (scenario.journal.lease?.frozen) scenario.journal.lease.thaw();
  for (const device of scenario.devices) for (const page of [...device.pages].slice(1)) page.close();
}

/**
 * Whether all pages are current. Also restarts stopped processes and pages, as operators and players would.
 */
function isQuiet(scenario: Scenario): boolean {
  scenario.startAll();
  scenario.rival.kill();
  let isCurrent = true;
  for (const device of scenario.devices) {
    const [page] = device.pages;
    // Messages of a closed page wait for a page that takes them over.
    const orphans = [...device.rows.keys()].some((client) => !device.locks.has(client));
    const stopped = page === undefined || page.session.status() === 'stopped';
    if (stopped || (orphans && page.session.status() === 'live' && page.session.unsent() === 0)) {
      page?.close();
      scenario.open(device);
    }
    isCurrent &&= !stopped && page.session.status() === 'live' && page.session.unsent() === 0;
    isCurrent &&= device.rows.size === 0;
  }
  return isCurrent && ROOMS.every((room) => areAtHead(scenario, room));
}

/**
 * Whether all pages of the room are at the log's end. A page that has not noticed the loss of its
 * connection may be at the right seq of a discarded history: the epoch must match, too.
 */
export function areAtHead(scenario: Scenario, room: string): boolean {
  const model = scenario.oracle.model(room);
  return scenario.pages().every(({ device, session }) => {
    if (device.room !== room) return true;
    const { epoch, seq } = session.position();
    return seq === model.length && (seq === 0 || model.hasPosition(epoch, seq));
  });
}

function describe(scenario: Scenario): string {
  const pages = scenario.pages().map(({ name, session, device }) => {
    const code = session.stopCode() ?? '';
    return `${name} ${session.status()} ${code} at ${session.position().seq} unsent ${session.unsent()} kept ${device.rows.size}`;
  });
  const heads = ROOMS.map((room) => scenario.oracle.model(room).length).join(', ');
  return [...pages, scenario.journal.running ? 'journal up' : 'journal down', `heads ${heads}`].join('; ');
}

/** Archive and live log together, from entry 1 on, must be what was shown (I1, I10). */
function compareLogs(scenario: Scenario, room: string): void {
  const { oracle, archive, scheduler, journal } = scenario;
  const model = oracle.model(room);
  let length = archive.check(room);
  if (length > 0) scheduler.count('room archived');
  let runs: readonly { readonly records: Uint8Array }[] = [];
  void journal.running?.journal.read(room, length, Number.MAX_SAFE_INTEGER).then((read) => (runs = read));
  scheduler.advance(0);
  for (const { records } of runs) {
    const reader = new Reader(records);
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (record === null) return oracle.report('I10', `${room}: bytes that are no record after ${length}`);
      if (record.seq > length + 1)
        return oracle.report('I10', `${room}: entry ${length + 1} is in neither archive nor log`);
      if (record.seq <= length) continue;
      length++;
      if (length <= model.length && !model.isEntry(length, records.subarray(start, reader.at)))
        oracle.report('I10', `${room}: entry ${length} is not what it was`);
    }
  }
  if (length < model.length)
    oracle.report('I1', `${room}: entry ${model.length} was shown, the log has ${length}`);
}
