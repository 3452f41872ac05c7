/**
 * Archives one room: moves records from the live log into the main database (I10). A step is one transaction:
 * chunks, `archived_upto` changed from exactly its old value, clients, epochs, the stats job. The log drops records
 * only after the commit. Each attempt begins by reading the archive's state: a transaction whose commit
 * failed may have been committed.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { type LogDelta, type RawChunk, readLogDelta } from '../../domain/chunk.ts';
import { pause } from '../../lib/pause.ts';
import type { World } from '../../lib/world.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { type ArchiveState, type ArchiveStep, archiveState } from '../../ports/main-db/queries/archive.ts';
import { quarantineRoom } from '../../ports/main-db/queries/rooms.ts';
import type { RoomLog } from '../../ports/room-log/room-log.ts';
import type { StepBatcher } from './step-batcher.ts';

type Deflate = (bytes: Uint8Array) => Promise<Uint8Array>;

export interface SweepDeps {
  readonly world: World;
  readonly db: MainDb;
  readonly roomLog: RoomLog;
  /** Raw deflate, off the event loop; default: zlib on the runtime's thread pool. */
  readonly deflate?: Deflate;
  /** Shared by all sweeps of this process. */
  readonly batcher: StepBatcher;
}

export type SweepOutcome =
  /** Everything that was durable when the sweep began is archived; this sweep archived `entries` of it. */
  | { readonly kind: 'archived'; readonly entries: number }
  /** The room is blocked until the studio has checked it; its entries stay in the log. */
  | { readonly kind: 'quarantined'; readonly why: string }
  /** The main database has no such room. */
  | { readonly kind: 'unknown' };

/** Bytes read from the log per step: limits memory, and how long the transaction holds the write lock. */
const STEP_BYTES = 512 * 1024;
/** Steps of one sweep: more than a room of ROOM_BYTES_MAX needs. */
const STEPS_MAX = 400;
/** Reads before a missing or damaged record counts as permanent; the pause before read n is n * REREAD_MS. */
const READS_MAX = 5;
const REREAD_MS = 50;

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
  /** `last`: the log has no further records. */
  | { readonly kind: 'moved'; readonly entries: number; readonly last: boolean }
  | Exclude<SweepOutcome, { kind: 'archived' }>;

async function sweepStep(deps: SweepDeps, room: string): Promise<Step> {
  let gap: { readonly from: number; readonly why: string } | null = null;
  for (let read = 1; read <= READS_MAX; read++) {
    if (read > 1) await pause(deps.world.timers, REREAD_MS * read);
    const state = await archiveState(deps.db.read, room);
    if (!state) return { kind: 'unknown' };
    const { quarantined, archived_upto: from } = state.room;
    if (quarantined !== null) return { kind: 'quarantined', why: quarantined };
    const runs = await deps.roomLog.read(room, from, STEP_BYTES);
    const outcome = readLogDelta(runs, archivedHead(state), clientsOf(state));
    if (outcome.ok) {
      const { delta } = outcome;
      // False: another archiver has moved the head: read again from there.
      if (!(await archive(deps, state, delta))) {
        gap = null;
        continue;
      }
      const { seq } = delta.head;
      await deps.roomLog.trim(room, seq);
      const beyond = await deps.roomLog.read(room, seq, 1);
      return { kind: 'moved', entries: seq - from, last: beyond.length === 0 };
    }
    if (outcome.why === 'nothing') {
      // A crash between commit and trim may have left archived entries in the log.
      await deps.roomLog.trim(room, from);
      return { kind: 'moved', entries: 0, last: true };
    }
    gap = { from, why: outcome.why === 'missingRecord' ? missing(outcome.seq) : outcome.what };
  }
  if (!gap) throw new Error(`room ${room} is being archived by another archiver`);
  const { from, why } = gap;
  if (await deps.db.write((tx) => quarantineRoom(tx, room, why, from))) return { kind: 'quarantined', why };
  throw new Error(`room ${room}: ${why}, and the archive changed meanwhile`);
}

function missing(seq: number): string {
  return `entry ${seq} is neither in the archive nor in the log`;
}

async function archive(deps: SweepDeps, state: ArchiveState, delta: LogDelta): Promise<boolean> {
  const step = await toStep(state, delta, deps.deflate ?? deflateOnThread);
  return deps.batcher.add(step);
}

async function toStep(
  { room, firstPlayedAt }: ArchiveState,
  delta: LogDelta,
  deflate: Deflate,
): Promise<ArchiveStep> {
  const { head, chunks, epochs, clients, firstMoveMs, finishMs } = delta;
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
