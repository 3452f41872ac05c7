/**
 * An in-memory RoomStore: rooms, seats and an archive. `sweep` does what the archiver does: moves a room's
 * durable records into chunks and trims the log.
 */
import { crc32, deflateRawSync } from 'node:zlib';
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import type { LoadedRoom } from '../../../src/ports/main-db/queries/rooms.ts';
import type { ChunkRow, SeatRow } from '../../../src/ports/main-db/schema.ts';
import type { RoomLog } from '../../../src/ports/room-log/room-log.ts';
import type { RoomStore } from '../../../src/services/game/loading/room-store.ts';
import { recordsIn } from '../clients/down-frames.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Stored {
  loaded: Mutable<Omit<LoadedRoom, 'seats' | 'archivedBytes'>>;
  seats: SeatRow[];
  chunks: ChunkRow[];
}

export class MemoryRoomStore implements RoomStore {
  readonly rooms = new Map<string, Stored>();
  /** Number of calls of `loadRoom`. */
  loads = 0;
  /** If set, every call rejects with it. */
  broken: Error | null = null;

  addRoom(id: string, startedAt: number, change: Partial<LoadedRoom['room']> = {}): Stored {
    const room: LoadedRoom['room'] = {
      id,
      entitlement: `e-${id}`,
      game: 'demo',
      rules_hash: 'hash',
      seed: 7,
      locale: 'en',
      options: '{}',
      region: 'local',
      log: 'journal',
      created_at: startedAt,
      started_at: startedAt,
      archived_upto: 0,
      archived_epoch: 0,
      archived_ms: 0,
      finished_at: null,
      end_token: 'end',
      quarantined: null,
      ...change,
    };
    const stored: Stored = {
      loaded: { room, generation: 1, epochs: [], clients: [], owner: null },
      seats: [],
      chunks: [],
    };
    this.rooms.set(id, stored);
    return stored;
  }

  of(id: string): Stored {
    const stored = this.rooms.get(id);
    if (!stored) throw new Error(`no room ${id}`);
    return stored;
  }

  seat(room: string, seat: number, deviceHash: string, name = `seat ${seat}`): void {
    const stored = this.of(room);
    stored.seats = stored.seats.filter((each) => each.seat !== seat);
    stored.seats.push({
      entitlement: stored.loaded.room.entitlement,
      seat,
      name,
      colour: 'red',
      device_hash: deviceHash,
      generation: 0,
      ready: 1,
      taken_at: 0,
    });
  }

  async loadRoom(id: string): Promise<LoadedRoom | null> {
    this.loads++;
    if (this.broken) throw this.broken;
    const stored = this.rooms.get(id);
    if (!stored) return null;
    const archivedBytes = stored.chunks.reduce((sum, chunk) => sum + chunk.raw_bytes, 0);
    return { ...structuredClone(stored.loaded), seats: [...stored.seats], archivedBytes };
  }

  async seats(id: string): Promise<readonly SeatRow[]> {
    if (this.broken) throw this.broken;
    return [...this.of(id).seats];
  }

  async chunks(id: string, afterSeq: number, limit: number): Promise<readonly ChunkRow[]> {
    if (this.broken) throw this.broken;
    return this.of(id)
      .chunks.filter((chunk) => chunk.last_seq > afterSeq)
      .slice(0, limit);
  }

  /** Archives all durable records in chunks of at most `perChunk` records; `trim` also trims the log. */
  async sweep(log: RoomLog, id: string, { perChunk = 256, trim = true } = {}): Promise<void> {
    const stored = this.of(id);
    const { room } = stored.loaded;
    const runs = await log.read(id, room.archived_upto, Number.MAX_SAFE_INTEGER);
    const bytes = Buffer.concat(runs.map((run) => run.records));
    const starts: { seq: number; at: number }[] = [];
    const reader = new Reader(bytes);
    for (const record of recordsIn(bytes)) {
      const at = reader.at;
      reader.take(recordBytes(bytes, at));
      if (record.seq > room.archived_upto) starts.push({ seq: record.seq, at });
    }
    for (let from = 0; from < starts.length; from += perChunk) {
      const first = starts[from]!;
      const last = starts[Math.min(from + perChunk, starts.length) - 1]!;
      const raw = bytes.subarray(first.at, last.at + recordBytes(bytes, last.at));
      const deflated = new Uint8Array(deflateRawSync(raw));
      stored.chunks.push({
        room: id,
        first_seq: first.seq,
        last_seq: last.seq,
        raw_bytes: raw.length,
        deflated,
        crc: crc32(deflated),
      });
      this.applyRecords(stored, raw);
    }
    if (trim) await log.trim(id, room.archived_upto);
  }

  private applyRecords(stored: Stored, raw: Uint8Array): void {
    const { loaded } = stored;
    for (const record of recordsIn(raw)) {
      loaded.room.archived_upto = record.seq;
      loaded.room.archived_ms = record.ms;
      if (record.kind === RecordKind.epoch) {
        const epoch = new Reader(record.body).varint();
        loaded.room.archived_epoch = epoch;
        loaded.epochs = [...loaded.epochs, { epoch, firstSeq: record.seq }];
      }
      if (record.kind === RecordKind.client) {
        const client = {
          room: loaded.room.id,
          number: record.client,
          client_id: record.body.slice(),
          seat: record.seat,
          last_seq: 0,
        };
        loaded.clients = [...loaded.clients, client];
      }
      const client = loaded.clients.find((each) => each.number === record.client);
      if (client && record.clientSeq > 0) client.last_seq = record.clientSeq;
    }
  }
}

function recordBytes(bytes: Uint8Array, at: number): number {
  const reader = new Reader(bytes, at + 2);
  for (let field = 0; field < 5; field++) reader.varint();
  reader.take(reader.varint());
  return reader.at - at;
}
