/**
 * Loads a room: reads the database, fences the log, reads the log's tail, appends the first records of the
 * new epoch. If database and log do not match, it starts over: the archiver may have moved records
 * in between (I10).
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
import { pause } from '../../../lib/pause.ts';
import type { World } from '../../../lib/world.ts';
import type { LoadedRoom } from '../../../ports/main-db/queries/rooms.ts';
import type { Head } from '../../../ports/room-log/room-log.ts';
import type { LogSession } from './log-session.ts';
import type { RoomState } from '../room/room.ts';
import type { RoomStore } from './room-store.ts';
import { readTail, type Tail } from './log-tail.ts';

export interface LoadDeps {
  readonly world: World;
  /** The room's log. */
  readonly logSession: LogSession;
  readonly store: RoomStore;
  /** The name under which this process serves rooms. */
  readonly slot: string;
}

export type LoadOutcome =
  | { readonly ok: true; readonly state: RoomState }
  /** `broken`: what is wrong with a room that must be quarantined. */
  | { readonly ok: false; readonly close: CloseCode; readonly broken?: string };

/** A race with the archiver or another owner is over after a few attempts; a lasting mismatch is damage. */
const ATTEMPTS_MAX = 5;
const RETRY_MS = 50;

export async function loadRoom(id: string, deps: LoadDeps): Promise<LoadOutcome> {
  const { logSession, store, slot, world } = deps;
  let epochMin = 0;
  let damage = '';
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (damage) await pause(world.timers, RETRY_MS * attempt);
    const facts = await store.loadRoom(id);
    if (!facts) return reject(Close.noSuchRoom);
    if (facts.room.quarantined !== null) return reject(Close.roomBroken);
    if (facts.owner && facts.owner.slot !== slot) return reject(Close.rejoin);
    const archived = archivedHead(facts);
    const epoch = nextEpoch(Math.max(epochMin, archived.epoch, facts.owner?.epoch ?? 0), world.clock.now());
    const opened = await logSession.open(epoch, archived);
    if (!opened.ok && opened.why === 'refused') return reject(Close.busy);
    epochMin = opened.ok ? epoch : Math.max(epoch, opened.epoch);
    if (!opened.ok) continue;
    const tail = await readTail(logSession, facts, opened.head.seq);
    damage = typeof tail === 'string' ? tail : '';
    if (typeof tail === 'string') continue;
    const state = await beginEpoch(facts, epoch, opened.head, tail, deps);
    if (state === 'retry') continue;
    if (state === 'refused') return reject(Close.busy);
    return { ok: true, state };
  }
  return damage ? { ok: false, close: Close.roomBroken, broken: damage } : reject(Close.ownerLost);
}

function reject(close: CloseCode): LoadOutcome {
  return { ok: false, close };
}

function archivedHead({ room }: LoadedRoom): Head {
  return { epoch: room.archived_epoch, seq: room.archived_upto, ms: room.archived_ms };
}

/** Appends the first records of the epoch: `epoch`, and in a new room `open` before it. */
async function beginEpoch(
  facts: LoadedRoom,
  epoch: number,
  head: Head,
  tail: Tail,
  { world, logSession }: LoadDeps,
): Promise<RoomState | 'retry' | 'refused'> {
  const { room } = facts;
  const ms = Math.max(head.ms, Math.floor(world.clock.now() - room.started_at));
  const bodies = [{ kind: RecordKind.epoch as number, body: varintBody(epoch) }];
  if (head.seq === 0) bodies.unshift({ kind: RecordKind.open, body: openBody(facts) });
  const records = encodeAll(bodies, head.seq, ms);
  const seq = head.seq + bodies.length;
  const outcome = await logSession.append({
    room: room.id,
    epoch,
    prevSeq: head.seq,
    lastSeq: seq,
    lastMs: ms,
    records,
  });
  if (outcome === 'refused') return 'refused';
  if (outcome !== 'committed') return 'retry';
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

/** The body of record 1: everything that a replay needs in addition to the rules. */
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
