/**
 * Deeds that break something, and those of operators. Each answers whether it hit anything: a fault that
 * strikes nothing is none. A trouble that lasts answers false and counts where somebody runs into it.
 */
import { type Backup, restore } from './backup.ts';
import type { Evening } from './scenario.ts';
import { somePage } from './player-actions.ts';
import { ROOMS } from './seed-data.ts';

/** The next start comes sooner or later. */
function again(evening: Evening, kill: () => boolean): boolean {
  const hit = kill();
  if (evening.scheduler.chance(0.8)) evening.startAll();
  return hit;
}

/** Most troubles pass soon, a few last. */
function forAWhile({ scheduler }: Evening, end: () => void): false {
  scheduler.after(scheduler.between(20, scheduler.chance(0.8) ? 1_500 : 12_000), end);
  return false;
}

// The network.

export function loseLink(evening: Evening): boolean {
  const { scheduler, network } = evening;
  const page = somePage(evening);
  let hit = false;
  for (const link of network.links) {
    if (link.name !== page?.name) continue;
    if (scheduler.chance(0.5) ? link.cut() : link.reset()) hit = true;
  }
  return hit;
}

export function loseNetwork(evening: Evening): boolean {
  const { network, scheduler } = evening;
  let hit = false;
  network.up = false;
  scheduler.mark('network: down');
  for (const link of network.links) if (scheduler.chance(0.5) && link.cut()) hit = true;
  forAWhile(evening, () => {
    network.up = true;
    for (const page of evening.pages()) if (scheduler.chance(0.5)) page.wake('online');
  });
  return hit;
}

/** Everybody leaves; rooms are archived and leave memory; then everybody comes back. */
export function empty(evening: Evening): boolean {
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
  return true;
}

// Disk, database, clock.

export function fillDisk(evening: Evening): boolean {
  return fill(evening, 'disk full', 6_000);
}

/** A restart finds that somebody else took what was left of the disk. */
export function fillAndRestart(evening: Evening): boolean {
  evening.journal.kill();
  const hit = fill(evening, 'disk full at the start', 1_000);
  evening.journal.start();
  return hit;
}

function fill(evening: Evening, why: string, leftMax: number): boolean {
  const { disk, scheduler, faults } = evening;
  faults.filledBy = why;
  disk.setCapacity(disk.usedBytes() + scheduler.between(0, leftMax));
  return forAWhile(evening, () => {
    disk.setCapacity(Number.POSITIVE_INFINITY);
    faults.filledBy = null;
  });
}

export function slowDown(evening: Evening): boolean {
  evening.faults.diskSlow = true;
  return forAWhile(evening, () => (evening.faults.diskSlow = false));
}

export function failSync({ faults }: Evening): boolean {
  faults.syncFails = true;
  return false;
}

export function failDisk(evening: Evening): boolean {
  evening.faults.diskFailing = 0.05;
  return forAWhile(evening, () => (evening.faults.diskFailing = 0));
}

export function shortenWrites(evening: Evening): boolean {
  evening.faults.writesShort = 0.2;
  return forAWhile(evening, () => (evening.faults.writesShort = 0));
}

export function failDatabase(evening: Evening): boolean {
  evening.database.failing = evening.scheduler.pick([0.05, 0.1, 1]);
  return forAWhile(evening, () => (evening.database.failing = 0));
}

export function jumpClock({ scheduler }: Evening): boolean {
  const ms = scheduler.between(-120_000, 120_000);
  scheduler.mark(ms < 0 ? 'clock jumps back' : 'clock jumps ahead');
  scheduler.wallOffset += ms;
  return true;
}

interface Sweeps {
  readonly archivers: number;
  underWay: number;
}

/** Every archiver there is, at nearly the same moment and while people play: they race for the same entries. */
export function sweep(evening: Evening): Sweeps {
  const { scheduler, journal, hosts } = evening;
  const processes = [journal.running, ...hosts.map(({ host }) => host)];
  const room = scheduler.pick(ROOMS);
  const players = evening.pages().filter(({ device }) => device.room === room && !device.observer);
  for (const page of [...players, ...players, ...players]) {
    scheduler.after(scheduler.between(0, 60), () => {
      if (page.device.pages.has(page)) page.move();
    });
  }
  const sweeps = { archivers: processes.filter((each) => each !== null).length, underWay: 0 };
  for (const process of processes) {
    scheduler.after(scheduler.between(0, 60), () => {
      if (process === null) return;
      sweeps.underWay++;
      const over = (how: string): void => {
        sweeps.underWay--;
        scheduler.mark(`sweep ${how}`);
      };
      process.archiver.sweep(room).then(
        ({ kind }) => over(kind),
        () => over('failed'),
      );
    });
  }
  return sweeps;
}

// Processes.

export function powerCut(evening: Evening): boolean {
  const loss = evening.scheduler.pick(['everything', 'random'] as const);
  evening.scheduler.mark(`power cut: ${loss === 'random' ? 'a part of what is not synced' : loss} lost`);
  return again(evening, () => evening.powerCut(loss).ran);
}

/**
 * A write of several sectors is under way when the power goes. Most writes are of one sector and over in
 * less than a millisecond: a cut at any moment nearly never tears one, so somebody says something long.
 */
export function tearWrite(evening: Evening): boolean {
  const { scheduler, diskWatch } = evening;
  for (const page of evening.pages()) if (!page.device.observer) page.session.sendChat('t'.repeat(900));
  if (!scheduler.until(() => diskWatch.isWriting, 150, 0.2)) return false;
  const torn = evening.powerCut('random').torn;
  if (scheduler.chance(0.8)) evening.startAll();
  return torn;
}

export function killJournal(evening: Evening): boolean {
  return again(evening, () => evening.journal.kill());
}

export function crashInSweep(evening: Evening): boolean {
  const sweeps = sweep(evening);
  evening.scheduler.advance(evening.scheduler.between(0, 70));
  const inIt = sweeps.underWay > 0;
  return powerCut(evening) && inIt;
}

export function stop(evening: Evening): boolean {
  const { scheduler, hosts, journal } = evening;
  const process = scheduler.pick([journal, ...hosts]);
  const serves = (process === journal ? journal.running : process.host) !== null;
  // What cannot be stopped in good order is killed.
  process.stop().catch(() => process.kill());
  return serves;
}

export function drain(evening: Evening): boolean {
  const { scheduler } = evening;
  const servers = evening.servers();
  if (servers.length === 0) return false;
  const { game, lease } = scheduler.pick(servers);
  const plan = { windowMs: 2_000, batch: 2, everyMs: 200 };
  const process = [evening.journal, evening.rival, ...evening.hosts].find(
    ({ host }) => host?.lease === lease,
  );
  void game.drain(plan).then(() => {
    scheduler.mark('drain ended');
    process?.kill();
  });
  return true;
}

/** SIGSTOP, and SIGCONT some time later. */
export function freeze(evening: Evening): boolean {
  const { scheduler, journal } = evening;
  const leases = [journal.lease, ...evening.servers().map(({ lease }) => lease)].filter(
    (lease) => lease !== null,
  );
  if (leases.length === 0) return false;
  const lease = scheduler.pick(leases);
  const ran = !lease.frozen;
  lease.freeze();
  scheduler.after(scheduler.between(50, scheduler.chance(0.5) ? 3_000 : 40_000), () => {
    if (lease.alive) scheduler.mark('thawed');
    lease.thaw();
  });
  // Another host takes its rooms over meanwhile.
  if (scheduler.chance(0.7)) takeOver(evening);
  return ran;
}

/** Rooms go to another host while the old one still serves its sockets. */
export function takeOver({ scheduler, routes, hosts }: Evening): boolean {
  let hit = false;
  for (const room of ROOMS) {
    if (!scheduler.chance(0.6)) continue;
    const owner = routes.get(room) ?? 0;
    routes.set(room, 1 - owner);
    if (hosts[owner]?.host?.game.control.watch(room)) hit = true;
  }
  return hit;
}

export function misroute(evening: Evening): boolean {
  evening.misrouted = !evening.misrouted;
  return false;
}

export function killHost(evening: Evening): boolean {
  const { scheduler, hosts } = evening;
  return again(evening, () => scheduler.pick(hosts).kill());
}

export function breakWire({ scheduler, hosts }: Evening): boolean {
  return scheduler.pick(hosts).host?.remote?.breakWire() ?? false;
}

export function loseOnWire(evening: Evening): boolean {
  evening.faults.wireLosing = evening.scheduler.pick([0.02, 0.1, 0.4]);
  return forAWhile(evening, () => (evening.faults.wireLosing = 0));
}

/** A second process for the same journal: it must be refused while the first one lives, and that is where it counts. */
export function startRival(evening: Evening): boolean {
  const { rival, scheduler } = evening;
  rival.start();
  scheduler.after(scheduler.between(100, 5_000), () => rival.kill());
  return false;
}

export function restoreOne(evening: Evening): boolean {
  const { backups, scheduler } = evening;
  if (backups.length === 0) return false;
  const backup: Backup = scheduler.pick(backups);
  restore(evening, backup);
  evening.startAll();
  return true;
}
