/**
 * kill -9 as a power cut: a process appends to many rooms on a disk that keeps only what a completed sync
 * covers (or that and a random part of the rest), and is killed at random moments, also during the recovery
 * from the kill before. What was acknowledged must be in the log, and nothing else but appends that were
 * running.
 *
 * The last two tests are controls: the check must detect a disk that does not sync and an acknowledgement
 * before its commit.
 */
import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, openJournal } from '../../src/ports/room-log/room-log.journal.ts';
import { EMPTY_HEAD } from '../../src/ports/room-log/room-log.ts';
import { openMirroredDisk } from '../support/disks/disk.mirrored.ts';
import {
  createSimulatedWorld,
  seededRandom,
  type SimulatedWorld,
} from '../support/in-process/world.simulated.ts';
import { type ChildOptions, DIRECTORY, ROOMS, isEntryText } from './journal-kill.shared.ts';

const ROUNDS_PER_LANE = 26;
const CONTROL_ROUNDS = 6;
/** What a disk without sync may cause: a damaged segment, or an older log or fence. */
const LOST =
  /^(journal\/\d{12}\.seg is damaged at byte \d+\. |room\d+ (ends at \d+, acknowledged was \d+|could be opened twice with \d+)$)/;

/** What one room's log must contain. */
interface Known {
  /** At index seq - 1; archived entries stay here, too. */
  readonly texts: string[];
  archived: number;
  epoch: number;
}

interface Lane {
  readonly root: string;
  readonly rooms: ReadonlyMap<string, Known>;
  readonly random: () => number;
  readonly leak: number;
  readonly mode: ChildOptions['mode'];
  /** What the check found. */
  readonly violations: string[];
  /** Counts: rounds, acknowledged appends, running appends that survived, kills during recovery. */
  readonly tally: { rounds: number; acks: number; survived: number; killedInRecovery: number };
}

function createLane(seed: number, leak: number, mode: ChildOptions['mode']): Lane {
  return {
    root: mkdtempSync(join(tmpdir(), 'escapement-kill-')),
    rooms: new Map(ROOMS.map((room) => [room, { texts: [], archived: 0, epoch: 0 }])),
    random: seededRandom(seed),
    leak,
    mode,
    violations: [],
    tally: { rounds: 0, acks: 0, survived: 0, killedInRecovery: 0 },
  };
}

/** Starts the child, kills it after a random time, and returns the complete lines that it wrote. */
async function runAndKill(lane: Lane): Promise<readonly string[]> {
  const { root, leak, mode } = lane;
  const options: ChildOptions = { root, leak, mode, seed: Math.floor(lane.random() * 2 ** 31) };
  const script = join(import.meta.dir, 'journal-kill.child.ts');
  const child = Bun.spawn([process.execPath, script, JSON.stringify(options)], {
    stdout: 'pipe',
    stderr: 'pipe',
  });
  // In some rounds already during the recovery from the kill before.
  const inRecovery = lane.random() < 0.3;
  const killAfter = inRecovery ? 'started' : 'ready';
  const waitMs = inRecovery ? lane.random() * 12 : 10 + lane.random() * 90;
  let output = '';
  let timer: Timer | null = null;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += part;
    if (!timer && output.includes(killAfter)) timer = setTimeout(() => child.kill('SIGKILL'), waitMs);
  }
  await child.exited;
  if (timer) clearTimeout(timer);
  if (child.signalCode !== 'SIGKILL') {
    throw new Error(
      `the child ended by itself: ${output.slice(0, 300)}${await new Response(child.stderr).text()}`,
    );
  }
  if (!output.includes('ready')) lane.tally.killedInRecovery++;
  return output.split('\n').slice(0, -1);
}

/** Records what the child reported. */
function recordReports(lane: Lane, lines: readonly string[]): void {
  for (const line of lines) {
    const [what, room, number, text] = line.split(' ');
    const known = lane.rooms.get(room ?? '');
    if (!known) continue;
    if (what === 'fence') known.epoch = Number(number);
    if (what === 'archived') known.archived = Math.max(known.archived, Number(number));
    if (what !== 'ack') continue;
    lane.tally.acks++;
    if (Number(number) !== known.texts.length + 1)
      lane.violations.push(`${room} was sent ${number} out of order`);
    known.texts.push(text!);
  }
}

/** Opens a copy of what survived, in memory, and compares it with what was acknowledged. */
async function check(lane: Lane): Promise<void> {
  const world = createSimulatedWorld(1);
  const disk = openMirroredDisk(lane.root, { random: lane.random }, true);
  const lock = () => ({ ok: true, release() {} }) as const;
  const opening = openJournal({
    disk,
    directory: DIRECTORY,
    world,
    lock,
    fatal: (error) => lane.violations.push(error.message),
  });
  const outcome = await world.until(opening);
  if (!outcome.ok) {
    lane.violations.push(outcome.message);
    return;
  }
  const live = new Map((await outcome.journal.liveRooms()).map((room) => [room.room, room]));
  for (const [room, known] of lane.rooms) {
    const trimmed = live.get(room)?.trimmed ?? known.archived;
    if (trimmed > known.archived)
      lane.violations.push(`${room} is trimmed to ${trimmed}, not ${known.archived}`);
    await compare(lane, outcome.journal, room, known, trimmed);
    await checkFence(lane, outcome.journal, world, room, known);
  }
}

async function compare(
  lane: Lane,
  journal: Journal,
  room: string,
  known: Known,
  trimmed: number,
): Promise<void> {
  let seq = trimmed;
  for (const run of await journal.read(room, trimmed, Number.MAX_SAFE_INTEGER)) {
    const text = new TextDecoder().decode(run.records);
    seq++;
    if (run.first > seq) lane.violations.push(`${room} has a gap before ${run.first}`);
    seq = run.last;
    if (!isEntryText(text, room, seq))
      lane.violations.push(`${room} has something that was never written at ${seq}`);
    const acknowledged = known.texts[seq - 1];
    if (acknowledged !== undefined && acknowledged !== text)
      lane.violations.push(`${room} was sent something else at ${seq}`);
    if (acknowledged !== undefined) continue;
    // The append was running when the process was killed; from now on it is in the log.
    if (seq !== known.texts.length + 1) lane.violations.push(`${room} has an entry too much at ${seq}`);
    known.texts.push(text);
    lane.tally.survived++;
  }
  if (seq < known.texts.length)
    lane.violations.push(`${room} ends at ${seq}, acknowledged was ${known.texts.length}`);
}

async function checkFence(
  lane: Lane,
  journal: Journal,
  world: SimulatedWorld,
  room: string,
  known: Known,
): Promise<void> {
  if (known.epoch === 0) return;
  const outcome = await world.until(journal.open(room, known.epoch, EMPTY_HEAD));
  if (outcome.ok) lane.violations.push(`${room} could be opened twice with ${known.epoch}`);
}

async function runLane(lane: Lane, rounds: number): Promise<void> {
  try {
    for (let round = 0; round < rounds && lane.violations.length === 0; round++) {
      recordReports(lane, await runAndKill(lane));
      await check(lane);
      lane.tally.rounds++;
    }
  } finally {
    rmSync(lane.root, { recursive: true, force: true });
  }
}

test('52 times kill -9: everything acknowledged is in the log, contiguous, and nothing is invented', async () => {
  const lanes = [createLane(1, 0, 'correct'), createLane(2, 0.6, 'correct')];
  await Promise.all(lanes.map((lane) => runLane(lane, ROUNDS_PER_LANE)));
  for (const { violations, tally } of lanes) {
    expect(violations).toEqual([]);
    expect(tally.killedInRecovery).toBeGreaterThan(0);
    expect(tally.rounds).toBe(ROUNDS_PER_LANE);
    expect(tally.acks).toBeGreaterThan(ROUNDS_PER_LANE);
  }
  if (process.env['KILL_TALLY']) console.log(lanes.map((lane) => lane.tally));
}, 60_000);

test('control: a disk that reports writes as durable that are not is detected', async () => {
  const lane = createLane(3, 0.6, 'without-sync');
  await runLane(lane, CONTROL_ROUNDS);
  expect(lane.violations.length).toBeGreaterThan(0);
  expect(lane.violations.filter((violation) => !LOST.test(violation))).toEqual([]);
}, 30_000);

test('control: an acknowledgement before its commit is detected', async () => {
  const lane = createLane(4, 0, 'early');
  await runLane(lane, CONTROL_ROUNDS);
  expect(lane.violations.join('\n')).toContain('acknowledged was');
}, 30_000);
