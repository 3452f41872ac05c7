/**
 * One room from the live log into the archive (rule 10). A step is one transaction: chunks,
 * `archived_upto` moved from exactly its old value, clients, epochs, the stats job. Only when it is
 * committed may the log drop its entries. Whatever goes wrong, the next step begins by reading the
 * archive anew: a transaction that failed may have happened.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { type Passage, type RawChunk, readPassage } from '../../domain/chunk.ts';
import type { World } from '../../lib/world.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { type ArchiveState, type ArchiveStep, archiveState } from '../../ports/main-db/queries/archive.ts';
import { quarantineRoom } from '../../ports/main-db/queries/rooms.ts';
import type { RoomLog } from '../../ports/room-log/room-log.ts';
import type { StepGroup } from './step-group.ts';

type Deflate = (bytes: Uint8Array) => Promise<Uint8Array>;

export interface SweepDeps {
  readonly world: World;
  readonly db: MainDb;
  readonly roomLog: RoomLog;
  /** Raw deflate, off the event loop; a thread of the runtime does it unless told otherwise. */
  readonly deflate?: Deflate;
  /** Carries out the steps of all sweeps of this process. */
  readonly steps: StepGroup;
}

export type SweepOutcome =
  /** Everything that was durable in the log when the sweep began is archived; `entries` of it now. */
  | { readonly kind: 'archived'; readonly entries: number }
  /** The room needs the studio: its entries stay in the log. */
  | { readonly kind: 'quarantined'; readonly why: string }
  /** The main database has no such room. */
  | { readonly kind: 'unknown' };

/** Read from the log for one step: bounds its memory and how long its transaction holds the lock. */
const STEP_BYTES = 512 * 1024;
/** Steps of one sweep: more than a room of ROOM_BYTES_MAX needs. */
const STEPS_MAX = 400;
/** A gap is read again so often, after growing pauses, before it counts as lasting. */
const READS_MAX = 5;
const READ_AGAIN_MS = 50;

const deflateOnThread = promisify(deflateRaw);

export async function sweepRoom(deps: SweepDeps, room: string): Promise<SweepOutcome> {
  let entries = 0;
  for (let count = 0; count < STEPS_MAX; count++) {
    const step = await sweepStep(deps, room);
    if (step.kind !== 'moved') return step;
    entries += step.entries;
    if (step.last) return { kind: 'archived', entries };
  }
  throw new Error(`room ${room} was not archived in ${STEPS_MAX} steps`);
}

type Step =
  /** `last`: the log has nothing beyond. */
  | { readonly kind: 'moved'; readonly entries: number; readonly last: boolean }
  | Exclude<SweepOutcome, { kind: 'archived' }>;

async function sweepStep(deps: SweepDeps, room: string): Promise<Step> {
  let gap: { readonly from: number; readonly why: string } | null = null;
  for (let read = 1; read <= READS_MAX; read++) {
    if (read > 1) await pause(deps.world, READ_AGAIN_MS * read);
    const state = await archiveState(deps.db.read, room);
    if (!state) return { kind: 'unknown' };
    const { quarantined, archived_upto: from } = state.room;
    if (quarantined !== null) return { kind: 'quarantined', why: quarantined };
    const runs = await deps.roomLog.read(room, from, STEP_BYTES);
    const outcome = readPassage(runs, archivedHead(state), clientsOf(state));
    if (outcome.ok) {
      const { passage } = outcome;
      // False: another archiver moved the head; what it left is read again.
      if (!(await archive(deps, state, passage))) {
        gap = null;
        continue;
      }
      const { seq } = passage.head;
      await deps.roomLog.trim(room, seq);
      const beyond = await deps.roomLog.read(room, seq, 1);
      return { kind: 'moved', entries: seq - from, last: beyond.length === 0 };
    }
    if (outcome.why === 'nothing') {
      // A crash between commit and trim left entries that the archive has.
      await deps.roomLog.trim(room, from);
      return { kind: 'moved', entries: 0, last: true };
    }
    gap = { from, why: outcome.why === 'missingRecord' ? missing(outcome.seq) : outcome.what };
  }
  if (!gap) throw new Error(`room ${room} is being archived by somebody else`);
  const { from, why } = gap;
  if (await deps.db.write((tx) => quarantineRoom(tx, room, why, from))) return { kind: 'quarantined', why };
  throw new Error(`room ${room}: ${why}, and the archive changed meanwhile`);
}

function missing(seq: number): string {
  return `entry ${seq} is neither in the archive nor in the log`;
}

async function archive(deps: SweepDeps, state: ArchiveState, passage: Passage): Promise<boolean> {
  const step = await toStep(state, passage, deps.deflate ?? deflateOnThread);
  return deps.steps.add(step);
}

async function toStep(
  { room, firstPlayedAt }: ArchiveState,
  passage: Passage,
  deflate: Deflate,
): Promise<ArchiveStep> {
  const { head, chunks, epochs, clients, firstMoveMs, finishMs } = passage;
  const wall = (ms: number | null) => (ms === null ? null : room.started_at + ms);
  const deflated: ArchiveStep['chunks'][number][] = [];
  for (const chunk of chunks) deflated.push(await toRow(chunk, deflate));
  return {
    room: room.id,
    from: room.archived_upto,
    chunks: deflated,
    to: head,
    epochs,
    clients: clients.map(({ number, id, seat, lastSeq }) => ({
      number,
      client_id: id,
      seat,
      last_seq: lastSeq,
    })),
    firstMoveAt: firstPlayedAt === null ? wall(firstMoveMs) : null,
    finishedAt: room.finished_at === null ? wall(finishMs) : null,
  };
}

async function toRow(
  { first, last, records }: RawChunk,
  deflate: Deflate,
): Promise<ArchiveStep['chunks'][number]> {
  const deflated = new Uint8Array(await deflate(records));
  return {
    first_seq: first,
    last_seq: last,
    raw_bytes: records.length,
    deflated,
    crc: crc32(deflated),
  };
}

function archivedHead({ room }: ArchiveState) {
  return { seq: room.archived_upto, epoch: room.archived_epoch, ms: room.archived_ms };
}

function clientsOf({ clients }: ArchiveState) {
  return clients.map(({ number, client_id: id, seat, last_seq: lastSeq }) => ({
    number,
    id,
    seat,
    lastSeq,
  }));
}

function pause({ timers }: World, ms: number): Promise<void> {
  return new Promise((resolve) => timers.after(ms, resolve));
}
