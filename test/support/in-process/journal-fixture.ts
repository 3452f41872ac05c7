/** Test fixture: a journal on a simulated disk in simulated time, with power cuts and helpers to append and read. */
import {
  type Journal,
  type JournalLimits,
  type JournalOutcome,
  openJournal,
} from '../../../src/ports/room-log/room-log.journal.ts';
import { NOT_ACTIVE, decodeSegmentHeader } from '../../../src/ports/room-log/journal/segment.ts';
import { EMPTY_HEAD, type AppendOutcome } from '../../../src/ports/room-log/room-log.ts';
import { SimulatedDisk, type SimulatedDiskOptions } from '../disks/disk.simulated.ts';
import { createSimulatedWorld, seededRandom, type SimulatedWorld } from './world.simulated.ts';

export const DIRECTORY = 'journal';

export interface JournalFixture {
  readonly disk: SimulatedDisk;
  readonly world: SimulatedWorld;
  readonly fatalErrors: Error[];
  /** Opens the journal; throws if it is refused. */
  open(limits?: Partial<JournalLimits>): Promise<Journal>;
  tryOpen(limits?: Partial<JournalLimits>): Promise<JournalOutcome>;
  /** Like tryOpen, but the caller must advance the time. */
  startOpening(limits?: Partial<JournalLimits>): Promise<JournalOutcome>;
  /** Ends the process without closing the journal; the disk keeps what was written. */
  endProcess(): void;
  /** Ends the process and cuts the power of the disk. */
  powerCut(loss: 'everything' | 'random'): void;
}

export function createJournalFixture(
  seed: number,
  disk: Partial<SimulatedDiskOptions> = {},
  world = createSimulatedWorld(seed),
): JournalFixture {
  const simulated = new SimulatedDisk({ random: seededRandom(seed + 1), timers: world.timers, ...disk });
  const fatalErrors: Error[] = [];
  let locked = false;
  const startOpening = (limits: Partial<JournalLimits> = {}) =>
    openJournal({
      disk: simulated,
      directory: DIRECTORY,
      world,
      lock() {
        if (locked) return { ok: false };
        locked = true;
        return { ok: true, release: () => (locked = false) };
      },
      fatal: (error) => fatalErrors.push(error),
      limits: { stepBytes: 4_096, segmentBytes: 16_384, reserveBytes: 0, ...limits },
    });
  const tryOpen = (limits?: Partial<JournalLimits>) => world.until(startOpening(limits));
  const endProcess = (): void => {
    world.clearTimers();
    locked = false;
  };
  return {
    disk: simulated,
    world,
    fatalErrors,
    startOpening,
    tryOpen,
    async open(limits) {
      const outcome = await tryOpen(limits);
      if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.message}`);
      return outcome.journal;
    },
    endProcess,
    powerCut(loss) {
      simulated.powerCut(loss);
      endProcess();
    },
  };
}

/** Names of the segments with commits, oldest first; without a preallocated one. */
export async function segmentsOf(fixture: JournalFixture): Promise<readonly string[]> {
  const names = await fixture.world.until(fixture.disk.list(DIRECTORY));
  return names.filter((name) => name.endsWith('.seg') && isActive(fixture, name)).toSorted();
}

function isActive(fixture: JournalFixture, name: string): boolean {
  const header = decodeSegmentHeader(fixture.disk.peek(`${DIRECTORY}/${name}`) ?? new Uint8Array(0));
  return !header.ok || header.header.firstCommit !== NOT_ACTIVE;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Opens a room; throws if that fails. */
export async function openRoom(
  fixture: JournalFixture,
  journal: Journal,
  room: string,
  epoch: number,
): Promise<void> {
  const outcome = await fixture.world.until(journal.open(room, epoch, EMPTY_HEAD));
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

/** The texts of a room's live entries; the first run may begin with trimmed ones. */
export async function textsOf(journal: Journal, room: string): Promise<readonly string[]> {
  const runs = await journal.read(room, 0, Number.MAX_SAFE_INTEGER);
  const live = (await journal.liveRooms()).find((found) => found.room === room);
  return runs.flatMap(({ first, records }) => {
    const texts = decoder.decode(records).split('\n').slice(0, -1);
    return texts.slice(Math.max(0, (live?.trimmed ?? 0) + 1 - first));
  });
}
