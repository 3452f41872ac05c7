/**
 * Opening a room: what the database has, then the fence in the log, then the log's tail, then the
 * first records of the new epoch. Whatever does not fit together is read again from the start.
 */
import { Writer } from '../../../../sdk/protocol/bytes.ts';
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import {
  encodeRecord,
  RecordKind,
  recordLength,
  type RecordHeader,
} from '../../../../sdk/protocol/record.ts';
import { nextEpoch, type OpenBody } from '../../../domain/room.ts';
import type { World } from '../../../lib/world.ts';
import type { LoadedRoom } from '../../../ports/main-db/queries/rooms.ts';
import type { Head } from '../../../ports/room-log/room-log.ts';
import type { LogSession } from './log-session.ts';
import type { RoomState } from '../room/room.ts';
import type { RoomStore } from './room-store.ts';
import { readTail, type Tail } from './log-tail.ts';

export interface LoadDeps {
  readonly world: World;
  /** The log, for this room. */
  readonly logSession: LogSession;
  readonly store: RoomStore;
  /** The name under which this process serves rooms. */
  readonly slot: string;
  pause(ms: number): Promise<void>;
}

export type LoadOutcome =
  | { readonly ok: true; readonly state: RoomState }
  /** `broken` says what is wrong with a room that needs help. */
  | { readonly ok: false; readonly close: CloseCode; readonly broken?: string };

/** Races with an archiver or another owner are over after a few tries; what lasts is no race. */
const ATTEMPTS_MAX = 5;
const RETRY_MS = 50;

export async function loadRoom(id: string, outside: LoadDeps): Promise<LoadOutcome> {
  const { logSession: opening, store, slot, world } = outside;
  let floor = 0;
  let gap = '';
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (gap) await outside.pause(RETRY_MS * attempt);
    const facts = await store.loadRoom(id);
    if (!facts) return no(Close.noSuchRoom);
    if (facts.room.quarantined !== null) return no(Close.roomBroken);
    if (facts.owner && facts.owner.slot !== slot) return no(Close.rejoin);
    const archived = archivedHead(facts);
    const epoch = nextEpoch(Math.max(floor, archived.epoch, facts.owner?.epoch ?? 0), world.clock.now());
    const opened = await opening.open(epoch, archived);
    if (!opened.ok && opened.why === 'refused') return no(Close.busy);
    floor = opened.ok ? epoch : Math.max(epoch, opened.epoch);
    if (!opened.ok) continue;
    const tail = await readTail(opening, facts, opened.head.seq);
    gap = typeof tail === 'string' ? tail : '';
    if (typeof tail === 'string') continue;
    const begun = await begin(facts, epoch, opened.head, tail, outside);
    if (begun === 'again') continue;
    if (begun === 'refused') return no(Close.busy);
    return { ok: true, state: begun };
  }
  return gap ? { ok: false, close: Close.roomBroken, broken: gap } : no(Close.ownerLost);
}

function no(close: CloseCode): LoadOutcome {
  return { ok: false, close };
}

function archivedHead({ room }: LoadedRoom): Head {
  return { epoch: room.archived_epoch, seq: room.archived_upto, ms: room.archived_ms };
}

/** Writes the first records of the epoch: in a new room the `open` record before them. */
async function begin(
  facts: LoadedRoom,
  epoch: number,
  head: Head,
  tail: Tail,
  { world, logSession: opening }: LoadDeps,
): Promise<RoomState | 'again' | 'refused'> {
  const { room } = facts;
  const ms = Math.max(head.ms, Math.floor(world.clock.now() - room.started_at));
  const bodies = [{ kind: RecordKind.epoch as number, body: varintBody(epoch) }];
  if (head.seq === 0) bodies.unshift({ kind: RecordKind.open, body: openBody(facts) });
  const records = encodeAll(bodies, head.seq, ms);
  const seq = head.seq + bodies.length;
  const outcome = await opening.append({
    room: room.id,
    epoch,
    prevSeq: head.seq,
    lastSeq: seq,
    lastMs: ms,
    records,
  });
  if (outcome === 'refused') return 'refused';
  if (outcome !== 'committed') return 'again';
  return {
    facts,
    start: {
      room: room.id,
      epoch,
      seq,
      ms,
      bytes: facts.archivedBytes + tail.bytes + records.length,
      finished: tail.finished,
      startedAt: room.started_at,
    },
    clients: tail.clients,
    epochs: [...tail.epochs, { epoch, firstSeq: seq }],
    seats: facts.seats,
  };
}

function encodeAll(bodies: readonly { kind: number; body: Uint8Array }[], after: number, ms: number) {
  const headers = bodies.map(({ kind }, index): RecordHeader => ({
    kind,
    seq: after + 1 + index,
    ms,
    seat: 0,
    client: 0,
    clientSeq: 0,
  }));
  const length = headers.reduce((sum, header, index) => {
    return sum + recordLength(header, bodies[index]!.body.length);
  }, 0);
  const records = new Uint8Array(length);
  let at = 0;
  headers.forEach((header, index) => {
    at = encodeRecord(records, at, header, bodies[index]!.body);
  });
  return records;
}

function varintBody(value: number): Uint8Array {
  return new Writer().varint(value).done();
}

/** Entry 1: with the rules it suffices to replay the room. */
function openBody({ room }: LoadedRoom): Uint8Array {
  const body: OpenBody = {
    format: 1,
    room: room.id,
    game: room.game,
    rulesHash: room.rules_hash,
    seed: room.seed,
    locale: room.locale,
    options: JSON.parse(room.options) as unknown,
    startedAt: room.started_at,
  };
  return new TextEncoder().encode(JSON.stringify(body));
}
