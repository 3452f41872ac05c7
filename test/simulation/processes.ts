/**
 * The server processes of a run: the real journal, room server and archiver. Embedded, one process has them
 * all; with hosts, two room servers share one log over a connection, under one slot name, as after a wrong
 * takeover.
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
import { pause } from '../../src/lib/pause.ts';
import type { SimulatedDisk } from '../support/disks/disk.simulated.ts';
import type { SimulatedDatabase } from './database.ts';
import type { DiskWatch } from './disk-watch.ts';
import { diskOf, type Faults } from './faults.ts';
import type { Lease } from './lease.ts';
import type { ServerEndpoint } from './network.ts';
import type { Oracle } from './oracle.ts';
import type { Mutation } from './mutants/mutant.ts';
import { type LogServer, RemoteLog } from './remote-log.ts';
import type { Scheduler } from './scheduler.ts';
import { watchedLog } from './watched-log.ts';

export const SLOT = 'h1';
export const KEYS: PassKeys = { current: 'k1', keys: { k1: new Uint8Array(32).fill(1) } };
export const DIRECTORY = 'journal';
const SILENT: Log = { info: () => {}, error: () => {} };

/** What the processes of a run depend on. */
export interface ProcessDeps {
  readonly scheduler: Scheduler;
  readonly oracle: Oracle;
  readonly faults: Faults;
  readonly mutation: Mutation;
  readonly database: SimulatedDatabase;
  /** Replaced when a backup is restored. */
  disk: SimulatedDisk;
  readonly diskWatch: DiskWatch;
  /** The process that holds the journal's lock. */
  lock: Lease | null;
  /** Called when a process ended: its sockets end, too. */
  serverDied(lease: Lease): void;
}

/** A running process that serves rooms. */
export interface Host {
  readonly lease: Lease;
  readonly game: Game;
  readonly endpoint: ServerEndpoint;
  readonly archiver: Archiver;
  readonly remote: RemoteLog | null;
}

/** The running process that has the journal. */
export interface LogHost extends LogServer {
  readonly journal: Journal;
  readonly archiver: Archiver;
}

function end(deps: ProcessDeps, lease: Lease): void {
  lease.end();
  if (deps.lock === lease) deps.lock = null;
  deps.database.release(lease);
  deps.serverDied(lease);
}

/** The journal's process: it can be started again after it ended. */
export class JournalProcess {
  /** Not null while the journal is open. */
  running: LogHost | null = null;
  lease: Lease | null = null;
  /** The room server in the same process, if embedded. */
  host: Host | null = null;
  private readonly deps: ProcessDeps;
  private readonly embedded: boolean;

  constructor(deps: ProcessDeps, embedded: boolean) {
    this.deps = deps;
    this.embedded = embedded;
  }

  /** Starts it, if it does not run; the journal is open some time later. */
  start(): void {
    if (this.lease !== null) return;
    const { scheduler, mutation, disk, diskWatch } = this.deps;
    const lease = scheduler.lease();
    this.lease = lease;
    scheduler.event('process', 1);
    scheduler.count('process started');
    scheduler.trace(() => 'the journal process starts');
    const seen = diskOf(diskWatch.watch(disk), lease);
    void openJournal({
      disk: mutation.disk?.(seen) ?? seen,
      directory: DIRECTORY,
      world: lease.world,
      lock: () => this.lock(lease),
      fatal: (error) => {
        scheduler.count('journal stops itself');
        scheduler.trace(() => `the journal stops itself: ${error.message}`);
        lease.after(1, () => this.lease === lease && this.kill());
      },
      limits: { stepBytes: 4_096, segmentBytes: 16_384 },
    }).then((outcome) =>
      // Dropped if the process was killed meanwhile.
      lease.deliver(() =>
        outcome.ok ? this.serve(outcome.journal, lease) : this.refused(outcome.code, lease),
      ),
    );
  }

  /**
   * As kill -9: no running call returns; what was written stays in the kernel's cache. Returns whether
   * there was a process.
   */
  kill(): boolean {
    const { lease } = this;
    if (lease === null) return false;
    const { scheduler } = this.deps;
    scheduler.event('process', 2);
    scheduler.trace(() => 'the journal process dies');
    this.lease = this.running = this.host = null;
    end(this.deps, lease);
    return true;
  }

  /** Stops gracefully: finishes what is running, then ends the process. */
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

  private lock(lease: Lease): { readonly ok: true; release(): void } | { readonly ok: false } {
    const deps = this.deps;
    if (deps.lock !== null) {
      deps.scheduler.countFault('second process');
      if (!deps.mutation.withoutLock) return { ok: false };
    }
    deps.lock = lease;
    return { ok: true, release: () => deps.lock === lease && (deps.lock = null) };
  }

  private refused(code: string, lease: Lease): void {
    const { scheduler, oracle } = this.deps;
    scheduler.count(`start refused: ${code}`);
    if (code === 'journal-damaged' || code === 'journal-newer-format')
      oracle.report('liveness', `the journal could not be opened: ${code}`);
    this.lease = null;
    end(this.deps, lease);
  }

  private serve(journal: Journal, lease: Lease): void {
    const { scheduler, oracle, mutation, database, faults } = this.deps;
    scheduler.trace(() => 'the journal process serves');
    journal.onState((state) => {
      if (state === 'hold' && faults.diskFilledBy !== null) scheduler.countFault(faults.diskFilledBy);
    });
    const db = database.connect(lease);
    const seen = mutation.journal?.(journal) ?? journal;
    const log = watchedLog(seen, oracle, scheduler, (room) => database.archivedRecords(room));
    const archiver = archiverOf(this.deps, lease, db, log);
    this.running = { lease, log, journal, archiver };
    if (this.embedded) this.host = hostOf(this.deps, lease, mutation.gameLog?.(log) ?? log, archiver, null);
  }
}

/** A room server's process whose log is in another process. */
export class HostProcess {
  readonly name: string;
  host: Host | null = null;
  private readonly deps: ProcessDeps;
  private readonly server: () => LogServer | null;

  constructor(name: string, deps: ProcessDeps, server: () => LogServer | null) {
    this.name = name;
    this.deps = deps;
    this.server = server;
  }

  start(): void {
    if (this.host !== null) return;
    const { scheduler, faults, mutation, database } = this.deps;
    const lease = scheduler.lease();
    scheduler.event('process', 3);
    scheduler.count('host started');
    scheduler.trace(() => `${this.name} starts`);
    const remote = new RemoteLog(scheduler, faults, lease, this.server);
    const archiver = archiverOf(this.deps, lease, database.connect(lease), remote);
    this.host = hostOf(this.deps, lease, mutation.gameLog?.(remote) ?? remote, archiver, remote);
  }

  kill(): boolean {
    const { host } = this;
    if (host === null) return false;
    const { scheduler } = this.deps;
    scheduler.event('process', 4);
    scheduler.trace(() => `${this.name} dies`);
    this.host = null;
    end(this.deps, host.lease);
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
  { scheduler, oracle, mutation, database }: ProcessDeps,
  lease: Lease,
  log: RoomLog,
  archiver: Archiver,
  remote: RemoteLog | null,
): Host {
  const db = database.connect(lease);
  const store = storeOf(db);
  const game = createGame({
    world: mutation.gameWorld?.(lease.world) ?? lease.world,
    log,
    store: mutation.store?.(store) ?? store,
    keys: KEYS,
    slot: SLOT,
    // Small enough to be reached in a run of some thousand events.
    limits: { outputBytesSoft: 2 * 1024, outputBytesHard: 12 * 1024, loadsMax: 2 },
    onFinish: (room) => {
      scheduler.count('game finished');
      archiver.requestSweep(room);
    },
    onBroken: (room, why) => {
      oracle.report('I10', `${room}: ${why}`);
      void db.write((tx) => quarantineRoom(tx, room, why)).catch(() => {});
    },
    report: (what, error) => {
      scheduler.count(`host reports ${what.split(' ', 1)[0] ?? ''}`);
      scheduler.trace(() => `the host reports ${what}: ${String(error)}`);
    },
  });
  const plain: ServerEndpoint = { lease, sockets: (offer) => game.onUpgrade(offer) };
  return { lease, game, endpoint: mutation.endpoint?.(plain, oracle) ?? plain, archiver, remote };
}

function archiverOf({ scheduler, mutation }: ProcessDeps, lease: Lease, db: MainDb, log: RoomLog): Archiver {
  const jobs = new SqlJobs(db, lease.world);
  return startArchiver({
    world: lease.world,
    db,
    jobs: mutation.jobs?.(jobs) ?? jobs,
    roomLog: mutation.archiverLog?.(log) ?? log,
    log: SILENT,
    deflate: async (bytes) => {
      await pause(lease, scheduler.between(0.1, 15));
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
