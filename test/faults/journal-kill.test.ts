/**
 * kill -9 as a power cut: a process appends to many rooms on a disk that keeps only what a returned
 * sync covers (or that and a random part of the rest), and is killed at random moments, also while
 * it recovers from the kill before. What it was told must be in the log, and nothing else but
 * appends that were under way.
 *
 * The last two tests are controls: the checker must find a disk that lies and an answer that comes
 * before its commit, or it would find nothing at all.
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
/** What a disk leaves that kept less than it said: half a segment, or the log and the fence of before. */
const LOST =
  /^(journal\/\d{12}\.seg is damaged at byte \d+\. |room\d+ (ends at \d+, told was \d+|could be opened twice with \d+)$)/;

/** What one room must have in the log. */
interface Known {
  /** By seq - 1; entries that the archive has stay here, too. */
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
  /** What the checker found. */
  readonly violations: string[];
  /** What happened: rounds, acknowledged appends, appends under way that survived. */
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

/** Starts the child, kills it after a random while, and answers the lines it wrote whole. */
async function runAndKill(lane: Lane): Promise<readonly string[]> {
  const { root, leak, mode } = lane;
  const options: ChildOptions = { root, leak, mode, seed: Math.floor(lane.random() * 2 ** 31) };
  const script = join(import.meta.dir, 'journal-kill.child.ts');
  const child = Bun.spawn([process.execPath, script, JSON.stringify(options)], {
    stdout: 'pipe',
    stderr: 'pipe',
  });
  // Now and then already while it recovers from the kill before.
  const early = lane.random() < 0.3;
  const cue = early ? 'started' : 'ready';
  const waitMs = early ? lane.random() * 12 : 10 + lane.random() * 90;
  let output = '';
  let timer: Timer | null = null;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += part;
    if (!timer && output.includes(cue)) timer = setTimeout(() => child.kill('SIGKILL'), waitMs);
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

/** Takes over what the child was told. */
function learn(lane: Lane, lines: readonly string[]): void {
  for (const line of lines) {
    const [what, room, number, text] = line.split(' ');
    const known = lane.rooms.get(room ?? '');
    if (!known) continue;
    if (what === 'fence') known.epoch = Number(number);
    if (what === 'archived') known.archived = Math.max(known.archived, Number(number));
    if (what !== 'ack') continue;
    lane.tally.acks++;
    if (Number(number) !== known.texts.length + 1)
      lane.violations.push(`${room} was told ${number} out of turn`);
    known.texts.push(text!);
  }
}

/** Opens what survived, in memory, and compares it with what was told. */
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
    if (!isEntryText(text, room, seq)) lane.violations.push(`${room} has something nobody wrote at ${seq}`);
    const told = known.texts[seq - 1];
    if (told !== undefined && told !== text)
      lane.violations.push(`${room} was told something else at ${seq}`);
    if (told !== undefined) continue;
    // Under way when the process was killed; from now on it is in the log.
    if (seq !== known.texts.length + 1) lane.violations.push(`${room} has an entry too much at ${seq}`);
    known.texts.push(text);
    lane.tally.survived++;
  }
  if (seq < known.texts.length)
    lane.violations.push(`${room} ends at ${seq}, told was ${known.texts.length}`);
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
      learn(lane, await runAndKill(lane));
      await check(lane);
      lane.tally.rounds++;
    }
  } finally {
    rmSync(lane.root, { recursive: true, force: true });
  }
}

test('52 times kill -9: everything told is in the log, contiguous, and nothing is invented', async () => {
  const lanes = [createLane(1, 0, 'honest'), createLane(2, 0.6, 'honest')];
  await Promise.all(lanes.map((lane) => runLane(lane, ROUNDS_PER_LANE)));
  for (const { violations, tally } of lanes) {
    expect(violations).toEqual([]);
    expect(tally.killedInRecovery).toBeGreaterThan(0);
    expect(tally.rounds).toBe(ROUNDS_PER_LANE);
    expect(tally.acks).toBeGreaterThan(ROUNDS_PER_LANE);
  }
  if (process.env['KILL_TALLY']) console.log(lanes.map((lane) => lane.tally));
}, 60_000);

test('control: a disk that says durable and is not is found out', async () => {
  const lane = createLane(3, 0.6, 'lies');
  await runLane(lane, CONTROL_ROUNDS);
  expect(lane.violations.length).toBeGreaterThan(0);
  expect(lane.violations.filter((violation) => !LOST.test(violation))).toEqual([]);
}, 30_000);

test('control: an answer before its commit is found out', async () => {
  const lane = createLane(4, 0, 'early');
  await runLane(lane, CONTROL_ROUNDS);
  expect(lane.violations.join('\n')).toContain('told was');
}, 30_000);
