/** What happens in a run: a list of actions with weights, from which the seed picks one after another. */
import { takeBackup } from './backup.ts';
import * as faultActions from './fault-actions.ts';
import { claimSeat, rotateLink, sendNotice } from './control-actions.ts';
import type { Scenario } from './scenario.ts';
import * as playerActions from './player-actions.ts';
import { connectMisbehavingClient } from './misbehaving-client.ts';

/** Least number of events in a run. */
export const EVENTS_MIN = 2_000;
const STEPS_MIN = 110;
const STEPS_MAX = 2_000;

interface Action {
  readonly name: string;
  readonly weight: number;
  /** Played only with hosts (true) or only embedded (false); undefined = both. */
  readonly hosts?: boolean;
  /**
   * Returns whether the action had an effect: there may be no page whose link could be lost, or no backup
   * to restore. A fault that lasts returns false and is counted where it takes effect
   * (`scheduler.countFault`).
   */
  readonly run: (scenario: Scenario) => boolean;
}

/** Actions that are faults: at least one must take effect in each run. */
const FAULT_ACTIONS: readonly Action[] = [
  { name: 'link lost', weight: 6, run: faultActions.loseLink },
  { name: 'network lost', weight: 1.5, run: faultActions.loseNetwork },
  { name: 'power cut', weight: 3, run: faultActions.powerCut },
  { name: 'power cut in a write', weight: 1, run: faultActions.tearWrite },
  { name: 'journal killed', weight: 2, run: faultActions.killJournal },
  { name: 'frozen', weight: 2, run: faultActions.freeze },
  { name: 'disk full', weight: 2.5, run: faultActions.fillDisk },
  { name: 'disk full at the start', weight: 0.6, run: faultActions.fillAndRestart },
  { name: 'disk slow', weight: 2, run: faultActions.slowDown },
  { name: 'sync fails', weight: 1, run: faultActions.failSync },
  { name: 'disk fails', weight: 0.6, run: faultActions.failDisk },
  { name: 'writes short', weight: 1, run: faultActions.shortenWrites },
  { name: 'database fails', weight: 1.5, run: faultActions.failDatabase },
  { name: 'clock jumps', weight: 1, run: faultActions.jumpClock },
  { name: 'crash in a sweep', weight: 1.5, run: faultActions.crashInSweep },
  { name: 'restored backup', weight: 1, run: faultActions.restoreOne },
  { name: 'second process', weight: 0.7, run: faultActions.startRival },
  { name: 'host killed', weight: 4, hosts: true, run: faultActions.killHost },
  { name: 'stale owner', weight: 5, hosts: true, run: faultActions.takeOver },
  { name: 'wrong routing', weight: 1, hosts: true, run: faultActions.misroute },
  { name: 'wire broken', weight: 3, hosts: true, run: faultActions.breakWire },
  { name: 'wire loses', weight: 2, hosts: true, run: faultActions.loseOnWire },
];

const OTHER_ACTIONS: readonly Action[] = [
  { name: 'moves', weight: 46, run: playerActions.sendMoves },
  { name: 'chat burst', weight: 0.8, run: playerActions.sendChatBurst },
  { name: 'reload', weight: 5, run: playerActions.reload },
  { name: 'another page', weight: 2, run: playerActions.openAnother },
  { name: 'wake', weight: 3, run: playerActions.wakePage },
  { name: 'stopped', weight: 1.5, run: faultActions.stop },
  { name: 'drained', weight: 1, run: faultActions.drain },
  { name: 'sweep', weight: 3, run: (scenario) => faultActions.sweep(scenario).archivers > 0 },
  { name: 'everybody disconnected', weight: 0.5, run: faultActions.disconnectAll },
  { name: 'link rotated', weight: 0.5, run: (scenario) => (rotateLink(scenario), true) },
  { name: 'seat claimed', weight: 0.8, run: (scenario) => (claimSeat(scenario), true) },
  { name: 'notice', weight: 0.5, run: (scenario) => (sendNotice(scenario), true) },
  { name: 'backup', weight: 1.5, run: (scenario) => (void takeBackup(scenario), true) },
  { name: 'misbehaving client', weight: 3, run: (scenario) => (connectMisbehavingClient(scenario), true) },
];

/** The names under which all actions are counted. */
export const ACTION_NAMES: readonly string[] = [
  ...FAULT_ACTIONS.map(({ name }) => `fault: ${name}`),
  ...OTHER_ACTIONS.map(({ name }) => `action: ${name}`),
];

/** Runs actions until there were enough events and at least one fault took effect. */
export function runActions(scenario: Scenario): void {
  const { scheduler, oracle } = scenario;
  const actions = [...FAULT_ACTIONS, ...OTHER_ACTIONS].filter(
    ({ hosts }) => hosts === undefined || hosts !== scenario.embedded,
  );
  const weights = actions.reduce((sum, { weight }) => sum + weight, 0);
  for (let step = 0; step < STEPS_MAX; step++) {
    if (step >= STEPS_MIN && scheduler.events >= EVENTS_MIN && scheduler.faultCount > 0) return;
    const action = pickAction(actions, scheduler.random() * weights);
    scheduler.event('step', action.name.length);
    scheduler.trace(() => `=== ${action.name}`);
    if (action.run(scenario)) {
      if (FAULT_ACTIONS.includes(action)) scheduler.countFault(action.name);
      else scheduler.count(`action: ${action.name}`);
    }
    if (scheduler.chance(0.7)) scenario.startAll();
    scheduler.advance(pause(scenario));
    for (const page of scenario.pages())
      if (page.isLive() && page.hasCurrentPosition(scenario.restores)) page.check();
    oracle.throwViolation();
  }
  throw new Error(`seed ${scenario.seed} has only ${scheduler.events} events in ${STEPS_MAX} steps`);
}

function pickAction(actions: readonly Action[], at: number): Action {
  let left = at;
  for (const action of actions) {
    left -= action.weight;
    if (left < 0) return action;
  }
  return actions[0] as Action;
}

function pause({ scheduler }: Scenario): number {
  const dice = scheduler.random();
  if (dice < 0.65) return scheduler.between(0, 30);
  if (dice < 0.96) return scheduler.between(30, 800);
  return scheduler.between(800, 15_000);
}
