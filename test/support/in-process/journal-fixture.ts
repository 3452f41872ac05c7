/** Journals on a simulated disk for tests: opening, appending, and looking at what is there. */
import {
  type Journal,
  type JournalLimits,
  type JournalOutcome,
  openJournal,
} from '../../../src/ports/room-log/room-log.journal.ts';
import { NOT_BEGUN, decodeSegmentHeader } from '../../../src/ports/room-log/journal/segment.ts';
import { EMPTY_HEAD, type AppendOutcome } from '../../../src/ports/room-log/room-log.ts';
import { SimulatedDisk, type SimulatedDiskOptions } from '../disks/disk.simulated.ts';
import { createSimulatedWorld, seededRandom, type SimulatedWorld } from './world.simulated.ts';

export const DIRECTORY = 'journal';

export interface JournalBench {
  readonly disk: SimulatedDisk;
  readonly world: SimulatedWorld;
  readonly fatal: Error[];
  /** Opens the journal or throws with the refusal's code. */
  open(limits?: Partial<JournalLimits>): Promise<Journal>;
  tryOpen(limits?: Partial<JournalLimits>): Promise<JournalOutcome>;
  /** Like tryOpen, but the caller lets the time pass. */
  begin(limits?: Partial<JournalLimits>): Promise<JournalOutcome>;
  /** The process is gone, the machine runs on. */
  release(): void;
  /** The process is gone, and the power with it. */
  cut(loss: 'everything' | 'random'): void;
}

export function createJournalBench(
  seed: number,
  disk: Partial<SimulatedDiskOptions> = {},
  world = createSimulatedWorld(seed),
): JournalBench {
  const simulated = new SimulatedDisk({ random: seededRandom(seed + 1), timers: world.timers, ...disk });
  const fatal: Error[] = [];
  let locked = false;
  const begin = (limits: Partial<JournalLimits> = {}) =>
    openJournal({
      disk: simulated,
      directory: DIRECTORY,
      world,
      lock() {
        if (locked) return { ok: false };
        locked = true;
        return { ok: true, release: () => (locked = false) };
      },
      fatal: (error) => fatal.push(error),
      limits: { stepBytes: 4_096, segmentBytes: 16_384, reserveBytes: 0, ...limits },
    });
  const tryOpen = (limits?: Partial<JournalLimits>) => world.until(begin(limits));
  const release = (): void => {
    world.clearTimers();
    locked = false;
  };
  return {
    disk: simulated,
    world,
    fatal,
    begin,
    tryOpen,
    async open(limits) {
      const outcome = await tryOpen(limits);
      if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.message}`);
      return outcome.journal;
    },
    release,
    cut(loss) {
      simulated.cut(loss);
      release();
    },
  };
}

/** Names of the segments that hold commits, oldest first: not of one that is only prepared. */
export async function segmentsOf(bench: JournalBench): Promise<readonly string[]> {
  const names = await bench.world.until(bench.disk.list(DIRECTORY));
  return names.filter((name) => name.endsWith('.seg') && isBegun(bench, name)).toSorted();
}

function isBegun(bench: JournalBench, name: string): boolean {
  const header = decodeSegmentHeader(bench.disk.peek(`${DIRECTORY}/${name}`) ?? new Uint8Array(0));
  return !header.ok || header.header.firstCommit !== NOT_BEGUN;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Opens a room that nobody has opened before. */
export async function openRoom(
  bench: JournalBench,
  journal: Journal,
  room: string,
  epoch: number,
): Promise<void> {
  const outcome = await bench.world.until(journal.open(room, epoch, EMPTY_HEAD));
  if (!outcome.ok) throw new Error(`opening ${room} was ${outcome.why}`);
}

/** Appends one entry with this text. */
export function appendText(
  journal: Journal,
  room: string,
  epoch: number,
  prevSeq: number,
  text: string,
): Promise<AppendOutcome> {
  const seq = prevSeq + 1;
  const records = encoder.encode(`${text}\n`);
  return journal.append({ room, epoch, prevSeq, lastSeq: seq, lastMs: seq, records });
}

/** The texts of a room's live entries: a run holds several, and may begin before them. */
export async function textsOf(journal: Journal, room: string): Promise<readonly string[]> {
  const runs = await journal.read(room, 0, Number.MAX_SAFE_INTEGER);
  const live = (await journal.liveRooms()).find((found) => found.room === room);
  return runs.flatMap(({ first, records }) => {
    const texts = decoder.decode(records).split('\n').slice(0, -1);
    return texts.slice(Math.max(0, (live?.trimmed ?? 0) + 1 - first));
  });
}
