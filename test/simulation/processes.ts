/**
 * The processes of a simulation: the real journal, room server and archiver. In the embedded form one
 * process has them all; in the form with hosts, two room servers share one log over a wire, under
 * one name, as after a wrong takeover.
 */
import { deflateRawSync } from 'node:zlib';
import type { PassKeys } from '../../src/domain/pass.ts';
import type { Log } from '../../src/lib/log.ts';
import { SqlJobs } from '../../src/ports/jobs/jobs.sql.ts';
import type { MainDb } from '../../src/ports/main-db/main-db.ts';
import { readChunks } from '../../src/ports/main-db/queries/archive.ts';
import { loadRoom, quarantineRoom } from '../../src/ports/main-db/queries/rooms.ts';
import { seatsOfRoom } from '../../src/ports/main-db/queries/seats.ts';
import { type Journal, openJournal } from '../../src/ports/room-log/room-log.journal.ts';
import type { RoomLog } from '../../src/ports/room-log/room-log.ts';
import { type Archiver, startArchiver } from '../../src/services/archiver/archiver.ts';
import { createGame, type Game } from '../../src/services/game/game.ts';
import type { RoomStore } from '../../src/services/game/loading/room-store.ts';
import type { SimulatedDisk } from '../support/disks/disk.simulated.ts';
import type { SimulatedDatabase } from './database.ts';
import type { DiskWatch } from './disk-watch.ts';
import { diskOf, type Faults } from './faults.ts';
import type { Lease } from './lease.ts';
import type { ServerDoor } from './network.ts';
import type { Oracle } from './oracle.ts';
import type { Plant } from './mutants/mutant.ts';
import { type LogServer, RemoteLog } from './remote-log.ts';
import type { Scheduler } from './scheduler.ts';
import { watchedLog } from './watched-log.ts';

export const SLOT = 'h1';
export const KEYS: PassKeys = { current: 'k1', keys: { k1: new Uint8Array(32).fill(1) } };
export const DIRECTORY = 'journal';
const SILENT: Log = { info: () => {}, error: () => {} };

/** What all processes of a run stand on. */
export interface Ground {
  readonly scheduler: Scheduler;
  readonly oracle: Oracle;
  readonly faults: Faults;
  readonly plant: Plant;
  readonly database: SimulatedDatabase;
  /** Replaced when a backup is restored. */
  disk: SimulatedDisk;
  readonly diskWatch: DiskWatch;
  /** Who has the journal's lock. */
  lock: Lease | null;
  /** Sockets of a process that is gone. */
  serverDied(lease: Lease): void;
}

/** A process that serves rooms. */
export interface Host {
  readonly lease: Lease;
  readonly game: Game;
  readonly door: ServerDoor;
  readonly archiver: Archiver;
  readonly remote: RemoteLog | null;
}

/** The process that has the journal. */
export interface LogHost extends LogServer {
  readonly journal: Journal;
  readonly archiver: Archiver;
}

function end(ground: Ground, lease: Lease): void {
  lease.end();
  if (ground.lock === lease) ground.lock = null;
  ground.database.drop(lease);
  ground.serverDied(lease);
}

/** A place where a process runs: it is started, dies and is started again. */
export class JournalProcess {
  /** Set while it serves. */
  running: LogHost | null = null;
  lease: Lease | null = null;
  /** The room server of the embedded form. */
  host: Host | null = null;
  readonly #ground: Ground;
  readonly #embedded: boolean;

  constructor(ground: Ground, embedded: boolean) {
    this.#ground = ground;
    this.#embedded = embedded;
  }

  /** Begins to start; it serves some time later, if it does not die before that. */
  start(): void {
    if (this.lease !== null) return;
    const { scheduler, plant, disk, diskWatch } = this.#ground;
    const lease = scheduler.lease();
    this.lease = lease;
    scheduler.event('process', 1);
    scheduler.mark('process started');
    scheduler.trace(() => 'the journal process starts');
    const seen = diskOf(diskWatch.over(disk), lease);
    void openJournal({
      disk: plant.disk?.(seen) ?? seen,
      directory: DIRECTORY,
      world: lease.world,
      lock: () => this.#lock(lease),
      fatal: (error) => {
        scheduler.mark('journal stops itself');
        scheduler.trace(() => `the journal stops itself: ${error.message}`);
        lease.after(1, () => this.lease === lease && this.kill());
      },
      limits: { stepBytes: 4_096, segmentBytes: 16_384 },
    }).then((outcome) =>
      // A journal that answers a dead process was opened by nobody.
      lease.deliver(() =>
        outcome.ok ? this.#serve(outcome.journal, lease) : this.#refused(outcome.code, lease),
      ),
    );
  }

  /**
   * kill -9: nothing that is under way returns; what was written stays in the kernel's cache. Answers whether
   * there was a process.
   */
  kill(): boolean {
    const { lease } = this;
    if (lease === null) return false;
    const { scheduler } = this.#ground;
    scheduler.event('process', 2);
    scheduler.trace(() => 'the journal process dies');
    this.lease = this.running = this.host = null;
    end(this.#ground, lease);
    return true;
  }

  /** What is under way ends, then the process does. */
  async stop(): Promise<void> {
    const { running, host, lease } = this;
    if (running === null || lease === null) return;
    this.running = null;
    this.host = null;
    await host?.game.stop();
    await running.archiver.stop();
    await running.journal.close();
    if (this.lease === lease) this.kill();
  }

  #lock(lease: Lease): { readonly ok: true; release(): void } | { readonly ok: false } {
    const ground = this.#ground;
    if (ground.lock !== null) {
      ground.scheduler.strike('second process');
      if (!ground.plant.lockOpen) return { ok: false };
    }
    ground.lock = lease;
    return { ok: true, release: () => ground.lock === lease && (ground.lock = null) };
  }

  #refused(code: string, lease: Lease): void {
    const { scheduler, oracle } = this.#ground;
    scheduler.mark(`start refused: ${code}`);
    if (code === 'journal-damaged' || code === 'journal-newer-format')
      oracle.note('liveness', `the journal could not be opened: ${code}`);
    this.lease = null;
    end(this.#ground, lease);
  }

  #serve(journal: Journal, lease: Lease): void {
    const { scheduler, oracle, plant, database, faults } = this.#ground;
    scheduler.trace(() => 'the journal process serves');
    journal.onState((state) => {
      if (state === 'hold' && faults.filledBy !== null) scheduler.strike(faults.filledBy);
    });
    const db = database.connect(lease);
    const seen = plant.journal?.(journal) ?? journal;
    const log = watchedLog(seen, oracle, scheduler, (room) => database.archiveNow(room));
    const archiver = archiverOf(this.#ground, lease, db, log);
    this.running = { lease, log, journal, archiver };
    if (this.#embedded) this.host = hostOf(this.#ground, lease, plant.gameLog?.(log) ?? log, archiver, null);
  }
}

/** A room server that has its log elsewhere. */
export class HostProcess {
  readonly name: string;
  host: Host | null = null;
  readonly #ground: Ground;
  readonly #server: () => LogServer | null;

  constructor(name: string, ground: Ground, server: () => LogServer | null) {
    this.name = name;
    this.#ground = ground;
    this.#server = server;
  }

  start(): void {
    if (this.host !== null) return;
    const { scheduler, faults, plant, database } = this.#ground;
    const lease = scheduler.lease();
    scheduler.event('process', 3);
    scheduler.mark('host started');
    scheduler.trace(() => `${this.name} starts`);
    const remote = new RemoteLog(scheduler, faults, lease, this.#server);
    const archiver = archiverOf(this.#ground, lease, database.connect(lease), remote);
    this.host = hostOf(this.#ground, lease, plant.gameLog?.(remote) ?? remote, archiver, remote);
  }

  kill(): boolean {
    const { host } = this;
    if (host === null) return false;
    const { scheduler } = this.#ground;
    scheduler.event('process', 4);
    scheduler.trace(() => `${this.name} dies`);
    this.host = null;
    end(this.#ground, host.lease);
    return true;
  }

  async stop(): Promise<void> {
    const { host } = this;
    if (host === null) return;
    await host.game.stop();
    await host.archiver.stop();
    if (this.host === host) this.kill();
  }
}

function hostOf(
  { scheduler, oracle, plant, database }: Ground,
  lease: Lease,
  log: RoomLog,
  archiver: Archiver,
  remote: RemoteLog | null,
): Host {
  const db = database.connect(lease);
  const store = storeOf(db);
  const game = createGame({
    world: plant.gameWorld?.(lease.world) ?? lease.world,
    log,
    store: plant.store?.(store) ?? store,
    keys: KEYS,
    slot: SLOT,
    // So small that evenings of some thousand events reach them.
    limits: { outputBytesSoft: 2 * 1024, outputBytesHard: 12 * 1024, loadsMax: 2 },
    onFinish: (room) => {
      scheduler.mark('game finished');
      archiver.sweepSoon(room);
    },
    onBroken: (room, why) => {
      oracle.note(10, `${room}: ${why}`);
      void db.write((tx) => quarantineRoom(tx, room, why)).catch(() => {});
    },
    report: (what, error) => {
      scheduler.mark(`host reports ${what.split(' ', 1)[0] ?? ''}`);
      scheduler.trace(() => `the host reports ${what}: ${String(error)}`);
    },
  });
  const plain: ServerDoor = { lease, sockets: (offer) => game.sockets(offer) };
  return { lease, game, door: plant.door?.(plain, oracle) ?? plain, archiver, remote };
}

function archiverOf({ scheduler, plant }: Ground, lease: Lease, db: MainDb, log: RoomLog): Archiver {
  const jobs = new SqlJobs(db, lease.world);
  return startArchiver({
    world: lease.world,
    db,
    jobs: plant.jobs?.(jobs) ?? jobs,
    roomLog: plant.archiverLog?.(log) ?? log,
    log: SILENT,
    deflate: async (bytes) => {
      await new Promise<void>((resolve) => lease.after(scheduler.between(0.1, 15), resolve));
      return new Uint8Array(deflateRawSync(bytes));
    },
  });
}

function storeOf(db: MainDb): RoomStore {
  return {
    loadRoom: (room) => loadRoom(db, room),
    seats: (room) => seatsOfRoom(db.read, room),
    chunks: (room, afterSeq, limit) => readChunks(db.read, room, afterSeq, limit),
  };
}
