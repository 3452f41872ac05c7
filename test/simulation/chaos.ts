/** What happens on an evening: a list of deeds, from which the seed picks one after another. */
import { type Backup, restore, takeBackup } from './backup.ts';
import { claimSeat, rotateLink, sayNotice } from './control.ts';
import type { Evening } from './evening.ts';
import { ROOMS } from './stage.ts';
import type { Device, Page } from './pages.ts';
import { visit } from './visitor.ts';

/** Events that a run has at least. */
export const EVENTS_MIN = 2_000;
const STEPS_MIN = 110;
const STEPS_MAX = 2_000;

interface Deed {
  readonly name: string;
  readonly weight: number;
  /** Only with hosts, or only without; undefined = both. */
  readonly hosts?: boolean;
  readonly run: (evening: Evening) => void;
}

/** Deeds that are faults: a run has at least one. */
const FAULTS: readonly Deed[] = [
  { name: 'link lost', weight: 6, run: (evening) => loseLink(evening) },
  { name: 'network lost', weight: 1.5, run: (evening) => loseNetwork(evening) },
  { name: 'power cut', weight: 3, run: (evening) => powerCut(evening) },
  { name: 'journal killed', weight: 2, run: (evening) => again(evening, () => evening.journal.kill()) },
  { name: 'frozen', weight: 2, run: (evening) => freeze(evening) },
  { name: 'disk full', weight: 2.5, run: (evening) => fillDisk(evening) },
  { name: 'disk full at the start', weight: 0.6, run: (evening) => fillAndRestart(evening) },
  { name: 'disk slow', weight: 2, run: (evening) => slowDown(evening) },
  { name: 'sync fails', weight: 1, run: ({ faults }) => void (faults.syncFails = true) },
  { name: 'disk fails', weight: 0.6, run: (evening) => failDisk(evening) },
  { name: 'writes short', weight: 1, run: (evening) => shortenWrites(evening) },
  { name: 'database fails', weight: 1.5, run: (evening) => failDatabase(evening) },
  { name: 'clock jumps', weight: 1, run: (evening) => jumpClock(evening) },
  { name: 'crash in a sweep', weight: 1.5, run: (evening) => crashInSweep(evening) },
  { name: 'restored backup', weight: 1, run: (evening) => restoreOne(evening) },
  { name: 'second process', weight: 0.7, run: (evening) => startRival(evening) },
  { name: 'host killed', weight: 4, hosts: true, run: (evening) => killHost(evening) },
  { name: 'stale owner', weight: 5, hosts: true, run: (evening) => takeOver(evening) },
  { name: 'wrong routing', weight: 1, hosts: true, run: (evening) => misroute(evening) },
  { name: 'wire broken', weight: 3, hosts: true, run: (evening) => breakWire(evening) },
  { name: 'wire loses', weight: 2, hosts: true, run: (evening) => loseOnWire(evening) },
];

const DEEDS: readonly Deed[] = [
  ...FAULTS,
  { name: 'moves', weight: 46, run: (evening) => play(evening) },
  { name: 'much talk', weight: 0.8, run: (evening) => talk(evening) },
  { name: 'reload', weight: 5, run: (evening) => reload(evening) },
  { name: 'another page', weight: 2, run: (evening) => openAnother(evening) },
  {
    name: 'wake',
    weight: 3,
    run: (evening) => somePage(evening)?.wake(evening.scheduler.pick(['online', 'offline', 'visible'])),
  },
  { name: 'stopped', weight: 1.5, run: (evening) => stop(evening) },
  { name: 'drained', weight: 1, run: (evening) => drain(evening) },
  { name: 'sweep', weight: 3, run: (evening) => sweep(evening) },
  { name: 'nobody there', weight: 0.5, run: (evening) => empty(evening) },
  { name: 'link rotated', weight: 0.5, run: (evening) => rotateLink(evening) },
  { name: 'seat claimed', weight: 0.8, run: (evening) => claimSeat(evening) },
  { name: 'notice', weight: 0.5, run: (evening) => sayNotice(evening) },
  { name: 'backup', weight: 1.5, run: (evening) => void takeBackup(evening) },
  { name: 'visitor', weight: 3, run: (evening) => visit(evening) },
];

/** The names of all deeds, for the count at the end. */
export const DEED_NAMES: readonly string[] = DEEDS.map(({ name }) => `deed: ${name}`);

/** Plays until enough has happened; answers how many faults there were. */
export function chaos(evening: Evening): number {
  const { scheduler, oracle } = evening;
  const deeds = DEEDS.filter(({ hosts }) => hosts === undefined || hosts !== evening.embedded);
  const weights = deeds.reduce((sum, { weight }) => sum + weight, 0);
  let faults = 0;
  for (let step = 0; step < STEPS_MAX; step++) {
    if (step >= STEPS_MIN && scheduler.events >= EVENTS_MIN && faults > 0) return faults;
    const deed = pickDeed(deeds, scheduler.random() * weights);
    scheduler.event('step', deed.name.length);
    scheduler.mark(`deed: ${deed.name}`);
    scheduler.trace(() => `=== ${deed.name}`);
    deed.run(evening);
    if (FAULTS.includes(deed)) faults++;
    if (scheduler.chance(0.7)) evening.startAll();
    scheduler.advance(pause(evening));
    if (evening.restores === 0)
      for (const page of evening.pages()) if (page.session.status() === 'live') page.check();
    oracle.verdict();
  }
  throw new Error(`seed ${evening.seed} has only ${scheduler.events} events in ${STEPS_MAX} steps`);
}

function pickDeed(deeds: readonly Deed[], at: number): Deed {
  let left = at;
  for (const deed of deeds) {
    left -= deed.weight;
    if (left < 0) return deed;
  }
  return deeds[0] as Deed;
}

function pause({ scheduler }: Evening): number {
  const dice = scheduler.random();
  if (dice < 0.65) return scheduler.between(0, 30);
  if (dice < 0.96) return scheduler.between(30, 800);
  return scheduler.between(800, 15_000);
}

/** The next start comes sooner or later. */
function again(evening: Evening, kill: () => void): void {
  kill();
  if (evening.scheduler.chance(0.8)) evening.startAll();
}

/** Most troubles pass soon, a few last. */
function forAWhile({ scheduler }: Evening, end: () => void): void {
  scheduler.after(scheduler.between(20, scheduler.chance(0.8) ? 1_500 : 12_000), end);
}

function someDevice({ scheduler, devices }: Evening): Device {
  return scheduler.pick(devices);
}

function somePage(evening: Evening): Page | null {
  const pages = evening.pages();
  return pages.length === 0 ? null : evening.scheduler.pick(pages);
}

// What players do.

function play(evening: Evening): void {
  const { scheduler } = evening;
  const page = somePage(evening);
  if (page === null || page.device.observer) return;
  const count = scheduler.chance(0.75) ? 1 : Math.ceil(scheduler.between(1, 12));
  for (let at = 0; at < count; at++) page.move();
  if (scheduler.chance(0.1)) page.session.sendChat('x'.repeat(Math.floor(scheduler.between(1, 900))));
  if (scheduler.chance(0.1)) page.session.sendNote('n', `${count}`);
  if (scheduler.chance(0.2)) page.session.signal(Math.floor(scheduler.between(0, 99)));
  // Before its first welcome a page does not know how much the server takes.
  if (page.session.status() === 'connecting' && scheduler.chance(0.2))
    page.session.sendChat('y'.repeat(4_200));
}

/** More than a link takes that was lost without a word. */
function talk(evening: Evening): void {
  const page = somePage(evening);
  if (page === null || page.device.observer) return;
  for (let line = 0; line < 20; line++) page.session.sendChat(`${line}`.padEnd(900, 'z'));
  evening.scheduler.advance(6_000);
}

function reload(evening: Evening): void {
  const device = someDevice(evening);
  for (const page of device.pages) page.die();
  evening.open(device);
}

function openAnother(evening: Evening): void {
  const device = someDevice(evening);
  const [first] = device.pages;
  if (device.pages.size > 1) first?.die();
  else evening.open(device);
}

// The network.

function loseLink(evening: Evening): void {
  const { scheduler, network } = evening;
  const page = somePage(evening);
  for (const link of network.links) {
    if (link.name !== page?.name) continue;
    if (scheduler.chance(0.5)) link.cut();
    else link.reset();
  }
}

function loseNetwork(evening: Evening): void {
  const { network, scheduler } = evening;
  network.up = false;
  scheduler.mark('network: down');
  for (const link of network.links) if (scheduler.chance(0.5)) link.cut();
  forAWhile(evening, () => {
    network.up = true;
    for (const page of evening.pages()) if (scheduler.chance(0.5)) page.wake('online');
  });
}

/** Everybody leaves; rooms are archived and leave memory; then everybody comes back. */
function empty(evening: Evening): void {
  const { network, scheduler } = evening;
  network.up = false;
  for (const link of network.links) {
    if (scheduler.chance(0.5)) link.reset();
    else link.cut();
  }
  scheduler.advance(2_000);
  sweep(evening);
  scheduler.advance(scheduler.chance(0.1) ? 700_000 : 80_000);
  network.up = true;
  for (const page of evening.pages()) page.wake('online');
}

// Disk, database, clock.

function fillDisk(evening: Evening): void {
  const { disk, scheduler } = evening;
  disk.setCapacity(disk.usedBytes() + scheduler.between(0, 6_000));
  forAWhile(evening, () => disk.setCapacity(Number.POSITIVE_INFINITY));
}

/** A restart finds that somebody else took what was left of the disk. */
function fillAndRestart(evening: Evening): void {
  const { disk, journal, scheduler } = evening;
  journal.kill();
  disk.setCapacity(disk.usedBytes() + scheduler.between(0, 1_000));
  journal.start();
  forAWhile(evening, () => disk.setCapacity(Number.POSITIVE_INFINITY));
}

function slowDown(evening: Evening): void {
  evening.faults.diskSlow = true;
  forAWhile(evening, () => (evening.faults.diskSlow = false));
}

function failDisk(evening: Evening): void {
  evening.faults.diskFailing = 0.05;
  forAWhile(evening, () => (evening.faults.diskFailing = 0));
}

function shortenWrites(evening: Evening): void {
  evening.faults.writesShort = 0.2;
  forAWhile(evening, () => (evening.faults.writesShort = 0));
}

function failDatabase(evening: Evening): void {
  evening.database.failing = evening.scheduler.pick([0.05, 0.1, 1]);
  forAWhile(evening, () => (evening.database.failing = 0));
}

function jumpClock({ scheduler }: Evening): void {
  const ms = scheduler.between(-120_000, 120_000);
  scheduler.mark(ms < 0 ? 'clock jumps back' : 'clock jumps ahead');
  scheduler.wallOffset += ms;
}

/** Every archiver there is, at nearly the same moment and while people play: they race for the same entries. */
function sweep(evening: Evening): void {
  const { scheduler, journal, hosts } = evening;
  const archivers = [journal.running, ...hosts.map(({ host }) => host)].map((each) => each?.archiver);
  const room = scheduler.pick(ROOMS);
  const players = evening.pages().filter(({ device }) => device.room === room && !device.observer);
  for (const page of [...players, ...players, ...players]) {
    scheduler.after(scheduler.between(0, 60), () => {
      if (page.device.pages.has(page)) page.move();
    });
  }
  for (const archiver of archivers) {
    scheduler.after(scheduler.between(0, 60), () => {
      archiver?.sweep(room).then(
        ({ kind }) => scheduler.mark(`sweep ${kind}`),
        () => scheduler.mark('sweep failed'),
      );
    });
  }
}

// Processes.

function powerCut(evening: Evening): void {
  const loss = evening.scheduler.pick(['everything', 'random'] as const);
  evening.scheduler.mark(`power cut: ${loss === 'random' ? 'a part of what is not synced' : loss} lost`);
  again(evening, () => evening.powerCut(loss));
}

function crashInSweep(evening: Evening): void {
  sweep(evening);
  evening.scheduler.advance(evening.scheduler.between(0, 70));
  powerCut(evening);
}

function stop(evening: Evening): void {
  const { scheduler, hosts, journal } = evening;
  const process = scheduler.pick([journal, ...hosts]);
  // What cannot be stopped in good order is killed.
  process.stop().catch(() => process.kill());
}

function drain(evening: Evening): void {
  const { scheduler } = evening;
  const servers = evening.servers();
  if (servers.length === 0) return;
  const { game, lease } = scheduler.pick(servers);
  const plan = { windowMs: 2_000, batch: 2, everyMs: 200 };
  const process = [evening.journal, evening.rival, ...evening.hosts].find(
    ({ host }) => host?.lease === lease,
  );
  void game.drain(plan).then(() => {
    scheduler.mark('drain ended');
    process?.kill();
  });
}

/** SIGSTOP, and SIGCONT some time later. */
function freeze(evening: Evening): void {
  const { scheduler, journal } = evening;
  const leases = [journal.lease, ...evening.servers().map(({ lease }) => lease)].filter(
    (lease) => lease !== null,
  );
  if (leases.length === 0) return;
  const lease = scheduler.pick(leases);
  lease.freeze();
  scheduler.after(scheduler.between(50, scheduler.chance(0.5) ? 3_000 : 40_000), () => {
    if (lease.alive) scheduler.mark('thawed');
    lease.thaw();
  });
  // Another host takes its rooms over meanwhile.
  if (scheduler.chance(0.7)) takeOver(evening);
}

/** Rooms go to another host while the old one still serves its sockets. */
function takeOver({ scheduler, routes }: Evening): void {
  for (const room of ROOMS) if (scheduler.chance(0.6)) routes.set(room, 1 - (routes.get(room) ?? 0));
}

function misroute(evening: Evening): void {
  evening.misrouted = !evening.misrouted;
}

function killHost(evening: Evening): void {
  const { scheduler, hosts } = evening;
  again(evening, () => scheduler.pick(hosts).kill());
}

function breakWire({ scheduler, hosts }: Evening): void {
  scheduler.pick(hosts).host?.remote?.breakWire();
}

function loseOnWire(evening: Evening): void {
  evening.faults.wireLosing = evening.scheduler.pick([0.02, 0.1, 0.4]);
  forAWhile(evening, () => (evening.faults.wireLosing = 0));
}

/** A second process for the same journal: it must be refused while the first one lives. */
function startRival(evening: Evening): void {
  const { rival, scheduler } = evening;
  rival.start();
  scheduler.after(scheduler.between(100, 5_000), () => rival.kill());
}

function restoreOne(evening: Evening): void {
  const { backups, scheduler } = evening;
  if (backups.length === 0) return;
  const backup: Backup = scheduler.pick(backups);
  restore(evening, backup);
  evening.startAll();
}
