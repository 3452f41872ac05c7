/**
 * The stores of a room server for tests of the archiver: the real journal and SQLite in a temporary
 * folder. Tests inject faults by overriding `deps`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { nextEpoch } from '../../../src/domain/room.ts';
import { lockFile } from '../../../src/lib/lock.real.ts';
import type { World } from '../../../src/lib/world.ts';
import { realWorld } from '../../../src/lib/world.real.ts';
import { SqlJobs } from '../../../src/ports/jobs/jobs.sql.ts';
import type { MainDb } from '../../../src/ports/main-db/main-db.ts';
import { openSqlite } from '../../../src/ports/main-db/main-db.sqlite.ts';
import { readChunks } from '../../../src/ports/main-db/queries/archive.ts';
import { type LoadedRoom, loadRoom } from '../../../src/ports/main-db/queries/rooms.ts';
import { insertRoomWithEntitlement } from '../../../src/ports/main-db/queries/rows.fixture.ts';
import { createRealDisk } from '../../../src/ports/room-log/journal/disk.real.ts';
import { type Journal, openJournal } from '../../../src/ports/room-log/room-log.journal.ts';
import { EMPTY_HEAD, type Head } from '../../../src/ports/room-log/room-log.ts';
import type { ArchiverDeps } from '../../../src/services/archiver/archiver.ts';
import { StepBatcher } from '../../../src/services/archiver/step-batcher.ts';
import type { SweepDeps } from '../../../src/services/archiver/sweep.ts';
import { RoomScript, encodeRecords } from './room-script.ts';

const FIRST_EPOCH = 1_001;
/** Wall clock ms of the rooms' ms 0. */
const STARTED_AT = 2_000;

/** Timers that fire in the next turn of the event loop, whatever their delay. */
export const immediateTimers: World['timers'] = {
  after(_, run) {
    const timer = setTimeout(run, 0);
    return () => clearTimeout(timer);
  },
};

export class ArchiveBench {
  readonly db: MainDb;
  journal: Journal;
  /** Errors that the archiver logged: event and fields. */
  readonly errors: string[] = [];
  private readonly folder: string;
  private readonly rooms = new Map<string, { script: RoomScript; written: number; epoch: number }>();

  private constructor(folder: string, db: MainDb, journal: Journal) {
    this.folder = folder;
    this.db = db;
    this.journal = journal;
  }

  static async create(): Promise<ArchiveBench> {
    const folder = await mkdtemp(join(tmpdir(), 'escapement-archive-'));
    const db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost: () => {} });
    return new ArchiveBench(folder, db, await journalIn(folder));
  }

  deps(change: Partial<ArchiverDeps> = {}): ArchiverDeps & SweepDeps {
    const world = { ...realWorld, timers: immediateTimers };
    const deps: ArchiverDeps = {
      world,
      db: this.db,
      jobs: new SqlJobs(this.db, world),
      roomLog: this.journal,
      log: { info: () => {}, error: (what, fields) => this.errors.push(`${what} ${JSON.stringify(fields)}`) },
      ...change,
    };
    return { ...deps, batcher: new StepBatcher({ ...deps, clock: world.clock }) };
  }

  /** Creates a room in the database and in the log, with its first two records. */
  async makeRoom(room: string): Promise<RoomScript> {
    await this.db.write((tx) => insertRoomWithEntitlement(tx, room, { started_at: STARTED_AT }));
    return this.makeLog(room);
  }

  /** Creates a room in the log only. */
  async makeLog(room: string): Promise<RoomScript> {
    const script = new RoomScript(FIRST_EPOCH);
    this.rooms.set(room, { script, written: 0, epoch: FIRST_EPOCH });
    await this.open(room, FIRST_EPOCH, EMPTY_HEAD);
    await this.append(room);
    return script;
  }

  /** Opens the room with its next epoch, as an owner does, and writes the epoch's first record. */
  async reopen(room: string): Promise<void> {
    const known = this.known(room);
    const { archived_epoch, archived_upto, archived_ms } = (await this.loaded(room)).room;
    known.epoch = nextEpoch(Math.max(known.epoch, archived_epoch), 0);
    const archived = { epoch: archived_epoch, seq: archived_upto, ms: archived_ms };
    const head = await this.open(room, known.epoch, archived);
    if (head.seq !== known.written)
      throw new Error(`the head of ${room} is ${head.seq}, not ${known.written}`);
    known.script.newEpoch(known.epoch);
    await this.append(room);
  }

  /** Appends the records of the script that are not in the log yet, in runs of `each` records. */
  async append(room: string, each = Number.MAX_SAFE_INTEGER): Promise<void> {
    const known = this.known(room);
    const { records } = known.script;
    while (known.written < records.length) {
      const prevSeq = known.written;
      const part = records.slice(prevSeq, prevSeq + each);
      const lastSeq = prevSeq + part.length;
      const lastMs = part.at(-1)?.ms ?? 0;
      const { epoch } = known;
      const run = { room, epoch, prevSeq, lastSeq, lastMs, records: encodeRecords(part) };
      const outcome = await this.journal.append(run);
      if (outcome !== 'committed') throw new Error(`the append was ${outcome}`);
      known.written = lastSeq;
    }
  }

  /** All records of the room, as they were written to the log. */
  writtenBytes(room: string): Buffer {
    return Buffer.from(encodeRecords(this.known(room).script.records));
  }

  /** The archive's chunks, inflated. Throws when they are not contiguous. */
  async archivedBytes(room: string): Promise<Buffer> {
    const chunks = await readChunks(this.db.read, room, 0, 10_000);
    let last = 0;
    const parts = chunks.map((chunk) => {
      if (chunk.first_seq !== last + 1) throw new Error(`a chunk begins at ${chunk.first_seq} after ${last}`);
      last = chunk.last_seq;
      const raw = inflateRawSync(chunk.deflated);
      if (raw.length !== chunk.raw_bytes) throw new Error(`${raw.length} bytes, not ${chunk.raw_bytes}`);
      return raw;
    });
    return Buffer.concat(parts);
  }

  async loaded(room: string): Promise<LoadedRoom> {
    const loaded = await loadRoom(this.db, room);
    if (!loaded) throw new Error(`no room ${room}`);
    return loaded;
  }

  async liveEntries(room: string): Promise<number> {
    const live = (await this.journal.liveRooms()).find((each) => each.room === room);
    return live ? live.head.seq - live.trimmed : 0;
  }

  /** Closes and reopens the journal, as a new process does. */
  async restart(): Promise<void> {
    await this.journal.close();
    this.journal = await journalIn(this.folder);
  }

  async stop(): Promise<void> {
    await this.journal.close();
    await this.db.close();
    await rm(this.folder, { recursive: true });
  }

  private async open(room: string, epoch: number, archived: Head): Promise<Head> {
    const opened = await this.journal.open(room, epoch, archived);
    if (!opened.ok) throw new Error(`opening ${room} was ${opened.why}`);
    return opened.head;
  }

  private known(room: string) {
    const known = this.rooms.get(room);
    if (!known) throw new Error(`nothing was written to ${room}`);
    return known;
  }
}

async function journalIn(folder: string): Promise<Journal> {
  const outcome = await openJournal({
    disk: createRealDisk(),
    directory: join(folder, 'journal'),
    world: realWorld,
    lock: lockFile,
    fatal: (error) => {
      throw error;
    },
    limits: { stepBytes: 65_536 },
  });
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.journal;
}
