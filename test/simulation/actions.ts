/** What happens on an evening: a list of deeds, from which the seed picks one after another. */
import { takeBackup } from './backup.ts';
import * as breaking from './fault-actions.ts';
import { claimSeat, rotateLink, sayNotice } from './control-actions.ts';
import type { Evening } from './scenario.ts';
import * as playing from './player-actions.ts';
import { visit } from './misbehaving-client.ts';

/** Events that a run has at least. */
export const EVENTS_MIN = 2_000;
const STEPS_MIN = 110;
const STEPS_MAX = 2_000;

interface Deed {
  readonly name: string;
  readonly weight: number;
  /** Only with hosts, or only without; undefined = both. */
  readonly hosts?: boolean;
  /**
   * Answers whether it did anything just now: there may be no page to lose its link, no backup to restore. A
   * trouble that lasts answers false; it counts where somebody runs into it (`scheduler.strike`).
   */
  readonly run: (evening: Evening) => boolean;
}

/** Deeds that are faults: in a run at least one strikes. */
const FAULTS: readonly Deed[] = [
  { name: 'link lost', weight: 6, run: breaking.loseLink },
  { name: 'network lost', weight: 1.5, run: breaking.loseNetwork },
  { name: 'power cut', weight: 3, run: breaking.powerCut },
  { name: 'power cut in a write', weight: 1, run: breaking.tearWrite },
  { name: 'journal killed', weight: 2, run: breaking.killJournal },
  { name: 'frozen', weight: 2, run: breaking.freeze },
  { name: 'disk full', weight: 2.5, run: breaking.fillDisk },
  { name: 'disk full at the start', weight: 0.6, run: breaking.fillAndRestart },
  { name: 'disk slow', weight: 2, run: breaking.slowDown },
  { name: 'sync fails', weight: 1, run: breaking.failSync },
  { name: 'disk fails', weight: 0.6, run: breaking.failDisk },
  { name: 'writes short', weight: 1, run: breaking.shortenWrites },
  { name: 'database fails', weight: 1.5, run: breaking.failDatabase },
  { name: 'clock jumps', weight: 1, run: breaking.jumpClock },
  { name: 'crash in a sweep', weight: 1.5, run: breaking.crashInSweep },
  { name: 'restored backup', weight: 1, run: breaking.restoreOne },
  { name: 'second process', weight: 0.7, run: breaking.startRival },
  { name: 'host killed', weight: 4, hosts: true, run: breaking.killHost },
  { name: 'stale owner', weight: 5, hosts: true, run: breaking.takeOver },
  { name: 'wrong routing', weight: 1, hosts: true, run: breaking.misroute },
  { name: 'wire broken', weight: 3, hosts: true, run: breaking.breakWire },
  { name: 'wire loses', weight: 2, hosts: true, run: breaking.loseOnWire },
];

const OTHERS: readonly Deed[] = [
  { name: 'moves', weight: 46, run: playing.play },
  { name: 'much talk', weight: 0.8, run: playing.talk },
  { name: 'reload', weight: 5, run: playing.reload },
  { name: 'another page', weight: 2, run: playing.openAnother },
  { name: 'wake', weight: 3, run: playing.wake },
  { name: 'stopped', weight: 1.5, run: breaking.stop },
  { name: 'drained', weight: 1, run: breaking.drain },
  { name: 'sweep', weight: 3, run: (evening) => breaking.sweep(evening).archivers > 0 },
  { name: 'nobody there', weight: 0.5, run: breaking.empty },
  { name: 'link rotated', weight: 0.5, run: (evening) => (rotateLink(evening), true) },
  { name: 'seat claimed', weight: 0.8, run: (evening) => (claimSeat(evening), true) },
  { name: 'notice', weight: 0.5, run: (evening) => (sayNotice(evening), true) },
  { name: 'backup', weight: 1.5, run: (evening) => (void takeBackup(evening), true) },
  { name: 'visitor', weight: 3, run: (evening) => (visit(evening), true) },
];

/** The names of all deeds as they are counted when they strike. */
export const DEED_NAMES: readonly string[] = [
  ...FAULTS.map(({ name }) => `fault: ${name}`),
  ...OTHERS.map(({ name }) => `deed: ${name}`),
];

/** Plays until enough has happened, and at least one fault has struck. */
export function chaos(evening: Evening): void {
  const { scheduler, oracle } = evening;
  const deeds = [...FAULTS, ...OTHERS].filter(
    ({ hosts }) => hosts === undefined || hosts !== evening.embedded,
  );
  const weights = deeds.reduce((sum, { weight }) => sum + weight, 0);
  for (let step = 0; step < STEPS_MAX; step++) {
    if (step >= STEPS_MIN && scheduler.events >= EVENTS_MIN && scheduler.strikes > 0) return;
    const deed = pickDeed(deeds, scheduler.random() * weights);
    scheduler.event('step', deed.name.length);
    scheduler.trace(() => `=== ${deed.name}`);
    if (deed.run(evening)) {
      if (FAULTS.includes(deed)) scheduler.strike(deed.name);
      else scheduler.mark(`deed: ${deed.name}`);
    }
    if (scheduler.chance(0.7)) evening.startAll();
    scheduler.advance(pause(evening));
    for (const page of evening.pages())
      if (page.isLive() && page.isOfThisCourse(evening.restores)) page.check();
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
