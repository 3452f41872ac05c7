/**
 * The server of a simulation: the real journal, the real room server and the real archiver as one
 * process on a simulated disk. It dies without warning and is started again on what is left.
 */
import type { Log } from '../../src/lib/log.ts';
import { SqlJobs } from '../../src/ports/jobs/jobs.sql.ts';
import type { MainDb } from '../../src/ports/main-db/main-db.ts';
import { archivedBytes, readChunks } from '../../src/ports/main-db/queries/archive.ts';
import { loadRoom, quarantineRoom } from '../../src/ports/main-db/queries/rooms.ts';
import { seatsOfRoom } from '../../src/ports/main-db/queries/seats.ts';
import { type Journal, openJournal } from '../../src/ports/room-log/journal.ts';
import type { RoomLog } from '../../src/ports/room-log/room-log.ts';
import { type Archiver, startArchiver } from '../../src/services/archiver/archiver.ts';
import { createGame, type Game } from '../../src/services/game/game.ts';
import type { RoomStore } from '../../src/services/game/store.ts';
import type { PassKeys } from '../../src/domain/pass.ts';
import type { SimulatedDisk } from '../support/disk.simulated.ts';
import type { SimulatedDatabase } from './database.ts';
import type { Network } from './network.ts';
import type { Oracle } from './oracle.ts';
import type { Lease, Scheduler } from './scheduler.ts';

export const SLOT = 'h1';
export const KEYS: PassKeys = { current: 'k1', keys: { k1: new Uint8Array(32).fill(1) } };
export const DIRECTORY = 'journal';

/** Adapters that a control replaces by broken ones. */
export interface Adapters {
  /** The log as the room server sees it. */
  gameLog(log: RoomLog, lease: Lease): RoomLog;
  /** The log as the archiver sees it. */
  archiverLog(log: RoomLog): RoomLog;
  store(store: RoomStore): RoomStore;
}

export const HONEST: Adapters = {
  gameLog: (log) => log,
  archiverLog: (log) => log,
  store: (store) => store,
};

interface Running {
  readonly journal: Journal;
  readonly game: Game;
  readonly archiver: Archiver;
}

const SILENT: Log = { info: () => {}, error: () => {} };

export class Server {
  running: Running | null = null;
  starts = 0;
  readonly #scheduler: Scheduler;
  readonly #disk: SimulatedDisk;
  readonly #database: SimulatedDatabase;
  readonly #network: Network;
  readonly #oracle: Oracle;
  readonly #adapters: Adapters;
  #lease: Lease | null = null;
  #locked = false;

  constructor(
    scheduler: Scheduler,
    disk: SimulatedDisk,
    database: SimulatedDatabase,
    network: Network,
    oracle: Oracle,
    adapters: Adapters,
  ) {
    this.#scheduler = scheduler;
    this.#disk = disk;
    this.#database = database;
    this.#network = network;
    this.#oracle = oracle;
    this.#adapters = adapters;
  }

  get up(): boolean {
    return this.#lease !== null;
  }

  /** Begins to start; it serves some time later, if it does not die before that. */
  start(): void {
    if (this.#lease !== null) return;
    const lease = this.#scheduler.lease();
    this.#lease = lease;
    this.starts++;
    const fatal = (error: Error) => {
      if (lease.alive) this.#oracle.note(1, `the log failed: ${error.message}`);
      this.#scheduler.after(1, () => lease.alive && this.die('random'));
    };
    void openJournal({
      disk: this.#disk,
      directory: DIRECTORY,
      world: lease.world,
      lock: () => this.#lock(),
      fatal,
      limits: { stepBytes: 4_096, segmentBytes: 16_384 },
    }).then((outcome) => {
      if (!lease.alive) return;
      // With a full disk it cannot start: it is tried again later.
      if (outcome.ok) this.#serve(outcome.journal, lease);
      else this.#refused(outcome.code, lease);
    });
  }

  /** kill -9 with a power cut: nothing that is under way returns. */
  die(loss: 'everything' | 'random'): void {
    this.#lease?.end();
    this.#lease = null;
    this.running = null;
    this.#locked = false;
    this.#scheduler.realWork = false;
    this.#disk.cut(loss);
    this.#database.drop();
    this.#network.serverDied();
  }

  /** As at a deployment: what is under way ends, then the process does. */
  async stop(): Promise<void> {
    const { running } = this;
    const lease = this.#lease;
    if (running === null || lease === null) return;
    this.#network.door = null;
    this.running = null;
    await running.game.stop();
    await running.archiver.stop();
    await running.journal.close();
    if (lease.alive) this.die('everything');
  }

  #lock(): { readonly ok: true; release(): void } | { readonly ok: false } {
    if (this.#locked) return { ok: false };
    this.#locked = true;
    return { ok: true, release: () => (this.#locked = false) };
  }

  #refused(code: string, lease: Lease): void {
    if (code !== 'journal-disk-full') this.#oracle.note(1, `the server could not start: ${code}`);
    lease.end();
    this.#lease = null;
    this.#locked = false;
  }

  #serve(journal: Journal, lease: Lease): void {
    const { world } = lease;
    const db = this.#database.connect(lease);
    const archiver = this.#archiver(journal, lease);
    const game = createGame({
      world,
      log: this.#adapters.gameLog(journal, lease),
      store: this.#adapters.store(storeOf(db)),
      keys: KEYS,
      slot: SLOT,
      onFinish: (room) => archiver.sweepSoon(room),
      onBroken: (room, why) => {
        this.#oracle.note(10, why);
        void db.write((tx) => quarantineRoom(tx, room, why)).catch(() => {});
      },
    });
    this.running = { journal, game, archiver };
    this.#network.door = game;
  }

  /**
   * The archiver compresses on a real thread between reading the log and its next step. Simulated
   * time stands still meanwhile, or the run would depend on how fast the machine is.
   */
  #archiver(journal: Journal, lease: Lease): Archiver {
    const scheduler = this.#scheduler;
    const goOn = (): void => {
      scheduler.realWork = false;
    };
    const { clock, random } = lease.world;
    const after: Lease['after'] = (ms, run) => {
      goOn();
      return lease.after(ms, run);
    };
    const world = { clock, random, timers: { after } };
    const db = this.#database.connect(lease, goOn);
    const log = this.#adapters.archiverLog(journal);
    const roomLog: RoomLog = {
      ...bound(log),
      async read(room, afterSeq, maxBytes) {
        const runs = await log.read(room, afterSeq, maxBytes);
        // A look for whether there is more compresses nothing.
        if (maxBytes > 1 && runs.length > 0) scheduler.realWork = lease.alive;
        return runs;
      },
      trim(room, uptoSeq) {
        goOn();
        return log.trim(room, uptoSeq);
      },
    };
    return startArchiver({ world, db, jobs: new SqlJobs(db, world), roomLog, log: SILENT });
  }
}

/** A log whose methods can be taken apart and put together with others. */
export function bound(log: RoomLog): RoomLog {
  return {
    open: (room, epoch, archived) => log.open(room, epoch, archived),
    append: (entries) => log.append(entries),
    read: (room, afterSeq, maxBytes) => log.read(room, afterSeq, maxBytes),
    trim: (room, uptoSeq) => log.trim(room, uptoSeq),
    release: (room, epoch) => log.release(room, epoch),
    liveRooms: () => log.liveRooms(),
    onState: (listener) => log.onState(listener),
    close: () => log.close(),
  };
}

function storeOf(db: MainDb): RoomStore {
  return {
    loadRoom: (room) => loadRoom(db.read, room),
    seats: (room) => seatsOfRoom(db.read, room),
    chunks: (room, afterSeq, limit) => readChunks(db.read, room, afterSeq, limit),
    archivedBytes: (room) => archivedBytes(db.read, room),
  };
}
