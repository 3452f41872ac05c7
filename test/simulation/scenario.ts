/**
 * Everything that one run consists of: three rooms, the players' devices, server processes, disk, database
 * and network. `actions.ts` decides what happens, `scenario-end.ts` how a run ends.
 */
import type { JoinAnswer } from '../../sdk/src/session-api.ts';
import { signPass, TICKET_MS } from '../../src/domain/pass.ts';
import { socketPath } from '../../src/domain/room.ts';
import { pause } from '../../src/lib/pause.ts';
import type { SimulatedDisk } from '../support/disks/disk.simulated.ts';
import { ArchiveCheck } from './archive-check.ts';
import { SimulatedDatabase } from './database.ts';
import { DiskWatch } from './disk-watch.ts';
import { Faults, makeDisk } from './faults.ts';
import type { Lease } from './lease.ts';
import { Network, type ServerEndpoint } from './network.ts';
import { Oracle } from './oracle.ts';
import { orderGame } from './order-game.ts';
import { Device, Page, type PageDeps } from './pages.ts';
import type { Mutation } from './mutants/mutant.ts';
import { type ProcessDeps, type Host, HostProcess, JournalProcess, KEYS, SLOT } from './processes.ts';
import { Scheduler } from './scheduler.ts';
import { ROOMS, seatsOf, seedData } from './seed-data.ts';
import type { Invariant } from './violation.ts';

/** A backup as an operator keeps it (`backup.ts` makes and restores it). */
export interface Backup {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly database: Uint8Array;
  /** The entries of each room that the backup surely contains. */
  readonly entries: ReadonlyMap<string, readonly Uint8Array[]>;
}

export class Scenario implements ProcessDeps {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly oracle: Oracle;
  readonly faults = new Faults();
  readonly mutation: Mutation;
  readonly database: SimulatedDatabase;
  readonly archive: ArchiveCheck;
  readonly network: Network;
  readonly pageDeps: PageDeps;
  readonly devices: readonly Device[];
  /** True: one process with journal, rooms and archiver. False: two hosts that share one log. */
  readonly embedded: boolean;
  readonly journal: JournalProcess;
  /** A second process for the same journal; it must be refused while the first one runs. */
  readonly rival: JournalProcess;
  readonly hosts: readonly HostProcess[];
  /** Room → index of the host that its sockets are routed to (only with hosts). */
  readonly routes = new Map<string, number>();
  /** While true, sockets are routed to a random host. */
  misrouted = false;
  readonly backups: Backup[] = [];
  restores = 0;
  /** Room → generation of its link. */
  readonly generations = new Map<string, number>(ROOMS.map((room) => [room, 1]));
  readonly diskWatch: DiskWatch;
  disk: SimulatedDisk;
  lock: Lease | null = null;

  /** `ignored`: the oracle does not report violations of this invariant. */
  constructor(
    seed: number,
    mutation: Mutation,
    trace: ((line: string) => void) | null,
    ignored: Invariant | null,
  ) {
    const scheduler = new Scheduler(seed, trace);
    this.seed = seed;
    this.mutation = mutation;
    this.scheduler = scheduler;
    this.oracle = new Oracle(scheduler, ignored);
    this.database = new SimulatedDatabase(seedData(), scheduler, mutation.sql);
    this.archive = new ArchiveCheck(this.oracle, this.database);
    this.database.onArchived = () => ROOMS.forEach((room) => this.archive.check(room));
    for (const room of ROOMS) this.database.update('update rooms set seed = ? where id = ?', seed, room);
    this.diskWatch = new DiskWatch(scheduler);
    this.disk = this.newDisk();
    const route = (room: string) => this.route(room);
    this.network = new Network(scheduler, this.oracle, route, mutation.dropsWhenCongested ?? false);
    this.embedded = scheduler.chance(0.5);
    scheduler.count(this.embedded ? 'form: embedded' : 'form: hosts');
    this.journal = new JournalProcess(this, this.embedded);
    this.rival = new JournalProcess(this, this.embedded);
    const names = this.embedded ? [] : ['host 1', 'host 2'];
    this.hosts = names.map((name) => new HostProcess(name, this, () => this.journal.running));
    this.devices = ROOMS.flatMap((room, at) => {
      const seats = seatsOf(room).map((seat) => new Device(room, seat));
      return at === 0 ? [...seats, new Device(room, 0, true)] : seats;
    });
    this.pageDeps = {
      scheduler,
      network: this.network,
      oracle: this.oracle,
      rules: mutation.rules?.(orderGame) ?? orderGame,
      wrapStore: mutation.outbox ?? ((store) => store),
      join: (device) => this.join(device),
    };
  }

  newDisk(): SimulatedDisk {
    this.diskWatch.reset();
    return makeDisk(this.scheduler, this.faults);
  }

  start(): void {
    this.startAll();
    for (const device of this.devices) this.open(device);
    this.scheduler.advance(400);
  }

  close(): void {
    this.database.close();
  }

  open(device: Device): void {
    void new Page(device, this.pageDeps);
  }

  pages(): Page[] {
    return this.devices.flatMap(({ pages }) => [...pages]);
  }

  startAll(): void {
    this.journal.start();
    for (const host of this.hosts) host.start();
  }

  /** Kills every process; `power` also loses what the disk had not made durable. */
  killAll(power: 'everything' | 'random' | null): void {
    for (const process of [this.journal, this.rival, ...this.hosts]) process.kill();
    if (power !== null) this.diskWatch.cut(this.disk, power);
  }

  /**
   * Cuts the power of the machine with the journal. Returns whether a process ran on it, and whether a
   * write was torn.
   */
  powerCut(loss: 'everything' | 'random'): { readonly ran: boolean; readonly torn: boolean } {
    const killed = [this.journal, this.rival].filter((process) => process.kill());
    return { ran: killed.length > 0, torn: this.diskWatch.cut(this.disk, loss) };
  }

  serverDied(lease: Lease): void {
    this.network.serverDied(lease);
  }

  /** The room servers that run now. */
  servers(): Host[] {
    const hosts = [this.journal, this.rival, ...this.hosts].map(({ host }) => host);
    return hosts.filter((host) => host !== null);
  }

  private route(room: string): ServerEndpoint | null {
    if (this.embedded) {
      const servers = this.servers();
      return servers.length === 0 ? null : this.scheduler.pick(servers).endpoint;
    }
    const expected = this.routes.get(room) ?? 0;
    const at = this.misrouted ? Math.floor(this.scheduler.between(0, 2)) : expected;
    if (at !== expected) this.scheduler.countFault('wrong routing');
    return this.hosts[at]?.host?.endpoint ?? null;
  }

  private async join(device: Device): Promise<JoinAnswer> {
    const { scheduler } = this;
    await pause(scheduler, scheduler.between(1, 60));
    if (!this.network.up || scheduler.chance(0.05)) throw new Error('no network');
    const { room } = device;
    return { ok: true, socket: `ws://test${socketPath(SLOT, room)}`, ticket: this.ticket(room, device) };
  }

  ticket(room: string, { seat, observer, token }: Pick<Device, 'seat' | 'observer' | 'token'>): string {
    const generation = this.generations.get(room) ?? 1;
    const expires = this.scheduler.wall() + TICKET_MS;
    return signPass({ room, seat, observer, device: token, generation, expires }, KEYS);
  }
}
