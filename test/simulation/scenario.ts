/**
 * The stage of one run: three rooms, their players' devices, the server's processes, disk, database
 * and network. What happens on it is decided in `chaos.ts`, how it ends in `ending.ts`.
 */
import type { JoinAnswer } from '../../sdk/src/session-api.ts';
import { signPass, TICKET_MS } from '../../src/domain/pass.ts';
import { socketPath } from '../../src/domain/room.ts';
import type { SimulatedDisk } from '../support/disks/disk.simulated.ts';
import { ArchiveCheck } from './archive-check.ts';
import type { Backup } from './backup.ts';
import { SimulatedDatabase } from './database.ts';
import { DiskWatch } from './disk-watch.ts';
import { Faults, makeDisk } from './faults.ts';
import type { Lease } from './lease.ts';
import { Network, type ServerDoor } from './network.ts';
import { Oracle } from './oracle.ts';
import { orderGame } from './order-game.ts';
import { Device, Page, type PagesWorld } from './pages.ts';
import type { Plant } from './mutants/mutant.ts';
import { type Ground, type Host, HostProcess, JournalProcess, KEYS, SLOT } from './processes.ts';
import { Scheduler } from './scheduler.ts';
import { ROOMS, seatsOf, stage } from './seed-data.ts';
import type { Rule } from './violation.ts';

export class Evening implements Ground {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly oracle: Oracle;
  readonly faults = new Faults();
  readonly plant: Plant;
  readonly database: SimulatedDatabase;
  readonly archive: ArchiveCheck;
  readonly network: Network;
  readonly world: PagesWorld;
  readonly devices: readonly Device[];
  /** One process with everything, or two hosts and a log that they share. */
  readonly embedded: boolean;
  readonly journal: JournalProcess;
  /** Started beside the first one, by mistake. */
  readonly rival: JournalProcess;
  readonly hosts: readonly HostProcess[];
  /** Which host a room's sockets go to, with hosts. */
  readonly routes = new Map<string, number>();
  /** Sockets go to any host, whatever the room. */
  misrouted = false;
  readonly backups: Backup[] = [];
  /** How often a backup was restored. */
  restores = 0;
  /** The link's generation, by room. */
  readonly generations = new Map<string, number>(ROOMS.map((room) => [room, 1]));
  readonly diskWatch: DiskWatch;
  disk: SimulatedDisk;
  lock: Lease | null = null;

  /** `deafTo`: a rule whose violations the oracle does not note. */
  constructor(seed: number, plant: Plant, trace: ((line: string) => void) | null, deafTo: Rule | null) {
    const scheduler = new Scheduler(seed, trace);
    this.seed = seed;
    this.plant = plant;
    this.scheduler = scheduler;
    this.oracle = new Oracle(scheduler, deafTo);
    this.database = new SimulatedDatabase(stage(), scheduler, plant.sql);
    this.archive = new ArchiveCheck(this.oracle, this.database);
    this.database.onArchived = () => ROOMS.forEach((room) => this.archive.look(room));
    for (const room of ROOMS) this.database.change('update rooms set seed = ? where id = ?', seed, room);
    this.diskWatch = new DiskWatch(scheduler);
    this.disk = this.newDisk();
    const route = (room: string) => this.route(room);
    this.network = new Network(scheduler, this.oracle, route, plant.networkForgets ?? false);
    this.embedded = scheduler.chance(0.5);
    scheduler.mark(this.embedded ? 'form: embedded' : 'form: hosts');
    this.journal = new JournalProcess(this, this.embedded);
    this.rival = new JournalProcess(this, this.embedded);
    const names = this.embedded ? [] : ['host 1', 'host 2'];
    this.hosts = names.map((name) => new HostProcess(name, this, () => this.journal.running));
    this.devices = ROOMS.flatMap((room, at) => {
      const seats = seatsOf(room).map((seat) => new Device(room, seat));
      return at === 0 ? [...seats, new Device(room, 0, true)] : seats;
    });
    this.world = {
      scheduler,
      network: this.network,
      oracle: this.oracle,
      rules: plant.rules?.(orderGame) ?? orderGame,
      wrapStore: plant.outbox ?? ((store) => store),
      join: (device) => this.join(device),
    };
  }

  newDisk(): SimulatedDisk {
    this.diskWatch.forget();
    return makeDisk(this.scheduler, this.faults);
  }

  begin(): void {
    this.startAll();
    for (const device of this.devices) this.open(device);
    this.scheduler.advance(400);
  }

  close(): void {
    this.database.close();
  }

  open(device: Device): void {
    void new Page(device, this.world);
  }

  pages(): Page[] {
    return this.devices.flatMap(({ pages }) => [...pages]);
  }

  startAll(): void {
    this.journal.start();
    for (const host of this.hosts) host.start();
  }

  /** Every process at once; `power` also takes what the disk had not made durable. */
  killAll(power: 'everything' | 'random' | null): void {
    for (const process of [this.journal, this.rival, ...this.hosts]) process.kill();
    if (power !== null) this.diskWatch.cut(this.disk, power);
  }

  /** The machine that has the journal loses its power. Answers whether a process ran on it, and whether a write was torn. */
  powerCut(loss: 'everything' | 'random'): { readonly ran: boolean; readonly torn: boolean } {
    const killed = [this.journal, this.rival].filter((process) => process.kill());
    return { ran: killed.length > 0, torn: this.diskWatch.cut(this.disk, loss) };
  }

  serverDied(lease: Lease): void {
    this.network.serverDied(lease);
  }

  /** Room servers that are there now. */
  servers(): Host[] {
    const hosts = [this.journal, this.rival, ...this.hosts].map(({ host }) => host);
    return hosts.filter((host) => host !== null);
  }

  private route(room: string): ServerDoor | null {
    if (this.embedded) {
      const servers = this.servers();
      return servers.length === 0 ? null : this.scheduler.pick(servers).door;
    }
    const right = this.routes.get(room) ?? 0;
    const at = this.misrouted ? Math.floor(this.scheduler.between(0, 2)) : right;
    if (at !== right) this.scheduler.strike('wrong routing');
    return this.hosts[at]?.host?.door ?? null;
  }

  private async join(device: Device): Promise<JoinAnswer> {
    const { scheduler } = this;
    await new Promise<void>((resolve) => scheduler.after(scheduler.between(1, 60), resolve));
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
