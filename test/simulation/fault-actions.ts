/**
 * Actions that inject faults, and those of operators. Each returns whether it had an effect; a fault that
 * lasts returns false and is counted where it takes effect.
 */
import { restore } from './backup.ts';
import type { Backup, Scenario } from './scenario.ts';
import { somePage } from './player-actions.ts';
import { ROOMS } from './seed-data.ts';

/** Kills and in most cases restarts at once; otherwise a later step restarts. */
function killAndRestart(scenario: Scenario, kill: () => boolean): boolean {
  const hit = kill();
  if (scenario.scheduler.chance(0.8)) scenario.startAll();
  return hit;
}

/** Ends a fault later: most end soon, a few last. */
function endLater({ scheduler }: Scenario, end: () => void): false {
  scheduler.after(scheduler.between(20, scheduler.chance(0.8) ? 1_500 : 12_000), end);
  return false;
}

// The network.

export function loseLink(scenario: Scenario): boolean {
  const { scheduler, network } = scenario;
  const page = somePage(scenario);
  let hit = false;
  for (const link of network.links) {
    if (link.name !== page?.name) continue;
    if (scheduler.chance(0.5) ? link.cut() : link.reset()) hit = true;
  }
  return hit;
}

export function loseNetwork(scenario: Scenario): boolean {
  const { network, scheduler } = scenario;
  let hit = false;
  network.up = false;
  scheduler.count('network: down');
  for (const link of network.links) if (scheduler.chance(0.5) && link.cut()) hit = true;
  endLater(scenario, () => {
    network.up = true;
    for (const page of scenario.pages()) if (scheduler.chance(0.5)) page.wake('online');
  });
  return hit;
}

/** All connections are lost, rooms are archived and unloaded, then all pages reconnect. */
export function disconnectAll(scenario: Scenario): boolean {
  const { network, scheduler } = scenario;
  network.up = false;
  for (const link of network.links) {
    if (scheduler.chance(0.5)) link.reset();
    else link.cut();
  }
  scheduler.advance(2_000);
  sweep(scenario);
  scheduler.advance(scheduler.chance(0.1) ? 700_000 : 80_000);
  network.up = true;
  for (const page of scenario.pages()) page.wake('online');
  return true;
}

// Disk, database, clock.

export function fillDisk(scenario: Scenario): boolean {
  return limitDisk(scenario, 'disk full', 6_000);
}

/** The journal restarts on a disk that something else has filled. */
export function fillAndRestart(scenario: Scenario): boolean {
  scenario.journal.kill();
  const hit = limitDisk(scenario, 'disk full at the start', 1_000);
  scenario.journal.start();
  return hit;
}

function limitDisk(scenario: Scenario, why: string, leftMax: number): boolean {
  const { disk, scheduler, faults } = scenario;
  faults.diskFilledBy = why;
  disk.setCapacity(disk.usedBytes() + scheduler.between(0, leftMax));
  return endLater(scenario, () => {
    disk.setCapacity(Number.POSITIVE_INFINITY);
    faults.diskFilledBy = null;
  });
}

export function slowDown(scenario: Scenario): boolean {
  scenario.faults.diskSlow = true;
  return endLater(scenario, () => (scenario.faults.diskSlow = false));
}

export function failSync({ faults }: Scenario): boolean {
  faults.failsNextSync = true;
  return false;
}

export function failDisk(scenario: Scenario): boolean {
  scenario.faults.diskFailureRate = 0.05;
  return endLater(scenario, () => (scenario.faults.diskFailureRate = 0));
}

export function shortenWrites(scenario: Scenario): boolean {
  scenario.faults.shortWriteRate = 0.2;
  return endLater(scenario, () => (scenario.faults.shortWriteRate = 0));
}

export function failDatabase(scenario: Scenario): boolean {
  scenario.database.failureRate = scenario.scheduler.pick([0.05, 0.1, 1]);
  return endLater(scenario, () => (scenario.database.failureRate = 0));
}

export function jumpClock({ scheduler }: Scenario): boolean {
  const ms = scheduler.between(-120_000, 120_000);
  scheduler.count(ms < 0 ? 'clock jumps back' : 'clock jumps ahead');
  scheduler.wallOffset += ms;
  return true;
}

interface Sweeps {
  readonly archivers: number;
  running: number;
}

/**
 * Starts a sweep in every archiver at nearly the same time while players send moves: they race for the same
 * entries.
 */
export function sweep(scenario: Scenario): Sweeps {
  const { scheduler, journal, hosts } = scenario;
  const processes = [journal.running, ...hosts.map(({ host }) => host)];
  const room = scheduler.pick(ROOMS);
  const players = scenario.pages().filter(({ device }) => device.room === room && !device.observer);
  for (const page of [...players, ...players, ...players]) {
    scheduler.after(scheduler.between(0, 60), () => {
      if (page.device.pages.has(page)) page.move();
    });
  }
  const sweeps = { archivers: processes.filter((each) => each !== null).length, running: 0 };
  for (const process of processes) {
    scheduler.after(scheduler.between(0, 60), () => {
      if (process === null) return;
      sweeps.running++;
      const over = (how: string): void => {
        sweeps.running--;
        scheduler.count(`sweep ${how}`);
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

export function powerCut(scenario: Scenario): boolean {
  const loss = scenario.scheduler.pick(['everything', 'random'] as const);
  scenario.scheduler.count(`power cut: ${loss === 'random' ? 'a part of what is not synced' : loss} lost`);
  return killAndRestart(scenario, () => scenario.powerCut(loss).ran);
}

/**
 * Cuts the power during a write of several sectors. Most writes have one sector and take less than a
 * millisecond, so that a cut at a random moment hardly ever tears one: pages first send long chat messages.
 */
export function tearWrite(scenario: Scenario): boolean {
  const { scheduler, diskWatch } = scenario;
  for (const page of scenario.pages()) if (!page.device.observer) page.session.sendChat('t'.repeat(900));
  if (!scheduler.until(() => diskWatch.isWriting, 150, 0.2)) return false;
  const torn = scenario.powerCut('random').torn;
  if (scheduler.chance(0.8)) scenario.startAll();
  return torn;
}

export function killJournal(scenario: Scenario): boolean {
  return killAndRestart(scenario, () => scenario.journal.kill());
}

export function crashInSweep(scenario: Scenario): boolean {
  const sweeps = sweep(scenario);
  scenario.scheduler.advance(scenario.scheduler.between(0, 70));
  const isSweeping = sweeps.running > 0;
  return powerCut(scenario) && isSweeping;
}

export function stop(scenario: Scenario): boolean {
  const { scheduler, hosts, journal } = scenario;
  const process = scheduler.pick([journal, ...hosts]);
  const isServing = (process === journal ? journal.running : process.host) !== null;
  // A process that cannot be stopped gracefully is killed.
  process.stop().catch(() => process.kill());
  return isServing;
}

export function drain(scenario: Scenario): boolean {
  const { scheduler } = scenario;
  const servers = scenario.servers();
  if (servers.length === 0) return false;
  const { game, lease } = scheduler.pick(servers);
  const plan = { windowMs: 2_000, batch: 2, everyMs: 200 };
  const process = [scenario.journal, scenario.rival, ...scenario.hosts].find(
    ({ host }) => host?.lease === lease,
  );
  void game.drain(plan).then(() => {
    scheduler.count('drain ended');
    process?.kill();
  });
  return true;
}

/** SIGSTOP, then SIGCONT some time later. */
export function freeze(scenario: Scenario): boolean {
  const { scheduler, journal } = scenario;
  const leases = [journal.lease, ...scenario.servers().map(({ lease }) => lease)].filter(
    (lease) => lease !== null,
  );
  if (leases.length === 0) return false;
  const lease = scheduler.pick(leases);
  const wasRunning = !lease.frozen;
  lease.freeze();
  scheduler.after(scheduler.between(50, scheduler.chance(0.5) ? 3_000 : 40_000), () => {
    if (lease.alive) scheduler.count('thawed');
    lease.thaw();
  });
  // In most cases another host takes over the rooms meanwhile.
  if (scheduler.chance(0.7)) takeOver(scenario);
  return wasRunning;
}

/** Routes rooms to the other host while the old one still serves its sockets. */
export function takeOver({ scheduler, routes, hosts }: Scenario): boolean {
  let hit = false;
  for (const room of ROOMS) {
    if (!scheduler.chance(0.6)) continue;
    const owner = routes.get(room) ?? 0;
    routes.set(room, 1 - owner);
    if (hosts[owner]?.host?.game.control.roomStatus(room)) hit = true;
  }
  return hit;
}

export function misroute(scenario: Scenario): boolean {
  scenario.misrouted = !scenario.misrouted;
  return false;
}

export function killHost(scenario: Scenario): boolean {
  const { scheduler, hosts } = scenario;
  return killAndRestart(scenario, () => scheduler.pick(hosts).kill());
}

export function breakWire({ scheduler, hosts }: Scenario): boolean {
  return scheduler.pick(hosts).host?.remote?.breakWire() ?? false;
}

export function loseOnWire(scenario: Scenario): boolean {
  scenario.faults.wireLossRate = scenario.scheduler.pick([0.02, 0.1, 0.4]);
  return endLater(scenario, () => (scenario.faults.wireLossRate = 0));
}

/**
 * Starts a second process for the same journal. It must be refused while the first one runs; the refusal
 * counts as the fault.
 */
export function startRival(scenario: Scenario): boolean {
  const { rival, scheduler } = scenario;
  rival.start();
  scheduler.after(scheduler.between(100, 5_000), () => rival.kill());
  return false;
}

export function restoreOne(scenario: Scenario): boolean {
  const { backups, scheduler } = scenario;
  if (backups.length === 0) return false;
  const backup: Backup = scheduler.pick(backups);
  restore(scenario, backup);
  scenario.startAll();
  return true;
}
