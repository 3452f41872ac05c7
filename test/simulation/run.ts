/**
 * One simulated evening: four devices in one room, a server, a disk, a database and a network, and
 * everything that can go wrong going wrong in an order that the seed decides. Then the faults stop,
 * and all of it must come to the same end.
 */
import { inflateRawSync } from 'node:zlib';
import { Reader } from '../../sdk/protocol/bytes.ts';
import { readRecord } from '../../sdk/protocol/record.ts';
import { stateHash } from '../../sdk/src/canonical.ts';
import { applyRecord, newReplay } from '../../sdk/src/reducer.ts';
import type { JoinAnswer } from '../../sdk/src/session-api.ts';
import { signPass, TICKET_MS } from '../../src/domain/pass.ts';
import { socketPath } from '../../src/domain/room.ts';
import { readChunks } from '../../src/ports/main-db/queries/archive.ts';
import { insertEntitlement } from '../../src/ports/main-db/queries/entitlements.ts';
import { createRoom, roomById } from '../../src/ports/main-db/queries/rooms.ts';
import { SimulatedDisk } from '../support/disk.simulated.ts';
import { SimulatedDatabase } from './database.ts';
import { Network } from './network.ts';
import { type Logged, Oracle } from './oracle.ts';
import { Device, orderGame, Page, type PagesWorld, type Tally, type WrapStore } from './pages.ts';
import { type Adapters, HONEST, KEYS, Server, SLOT } from './server.ts';
import { Scheduler, STARTS_AT } from './scheduler.ts';

export const ROOM = 'r'.repeat(20);
const SEATS = [1, 2, 3, 4];
const STEPS = 150;
/** Without faults everybody is current again within this time, ms. */
const QUIET_MS = 240_000;

/** What a control replaces; nothing in an honest run. */
export interface Plant {
  readonly adapters?: Partial<Adapters>;
  readonly wrapStore?: WrapStore;
  readonly diskLies?: boolean;
  readonly networkForgets?: boolean;
}

/** What a run was like, so that a quiet one shows. */
export interface RunReport {
  readonly seed: number;
  readonly events: number;
  readonly moves: number;
  readonly entries: number;
  readonly starts: number;
  readonly archived: number;
  readonly hash: string;
  /** Frames of the server by their first byte. */
  readonly frames: ReadonlyMap<number, number>;
}

export async function runSeed(seed: number, plant: Plant = {}): Promise<RunReport> {
  const evening = await Evening.begin(seed, plant);
  try {
    await evening.chaos();
    return await evening.end();
  } finally {
    evening.close();
  }
}

class Evening {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly oracle = new Oracle();
  readonly network: Network;
  readonly disk: SimulatedDisk;
  readonly database: SimulatedDatabase;
  readonly server: Server;
  readonly devices = SEATS.map((seat) => new Device(seat));
  readonly world: PagesWorld;
  diskSlow = false;

  private constructor(seed: number, plant: Plant, scheduler: Scheduler, database: SimulatedDatabase) {
    this.seed = seed;
    this.scheduler = scheduler;
    this.database = database;
    this.network = new Network(scheduler, this.oracle, plant.networkForgets);
    this.disk = new SimulatedDisk({
      random: scheduler.random,
      timers: { after: (ms, run) => scheduler.after(ms, run) },
      delayMs: () => scheduler.between(0.05, this.diskSlow ? 80 : 1.5),
      leak: 0.3,
      lies: plant.diskLies ?? false,
    });
    const adapters = { ...HONEST, ...plant.adapters };
    this.server = new Server(scheduler, this.disk, database, this.network, this.oracle, adapters);
    this.world = {
      scheduler,
      network: this.network,
      oracle: this.oracle,
      wrapStore: plant.wrapStore ?? ((store) => store),
      join: (seat) => this.join(seat),
    };
  }

  static async begin(seed: number, plant: Plant): Promise<Evening> {
    const scheduler = new Scheduler(seed);
    const evening = new Evening(seed, plant, scheduler, await SimulatedDatabase.make(scheduler));
    await evening.furnish();
    evening.server.start();
    for (const device of evening.devices) void new Page(device, evening.world);
    await scheduler.advance(500);
    return evening;
  }

  close(): void {
    this.database.close();
  }

  async chaos(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.step();
      await this.scheduler.advance(this.pause());
      this.oracle.verdict();
    }
  }

  /** No further faults: everybody comes to rest at the same place, and the log says the same. */
  async end(): Promise<RunReport> {
    const { scheduler, server } = this;
    this.heal();
    const still = await scheduler.until(() => this.atRest(), QUIET_MS);
    this.oracle.verdict();
    if (!still) this.oracle.fail(3, `no rest: ${this.describe()}`);
    const position = this.pages()[0]?.session.position().seq ?? 0;
    // What is promised must outlast this, too. Nobody comes back: the log stands still.
    this.network.up = false;
    server.die('everything');
    server.start();
    if (!(await scheduler.until(() => server.running !== null, 60_000))) this.oracle.fail(1, 'no restart');
    const { log, archived } = await this.readLog();
    this.oracle.check(log);
    if (log.length < position) this.oracle.fail(1, `pages are at ${position}, the log has ${log.length}`);
    const hash = this.compare(log, position);
    const { events } = scheduler;
    const entries = log.length;
    const moves = this.oracle.moves.size;
    const { starts } = server;
    return {
      seed: this.seed,
      events,
      moves,
      entries,
      starts,
      archived,
      hash,
      frames: this.oracle.frames,
    };
  }

  private async step(): Promise<void> {
    const { scheduler, server, disk } = this;
    const dice = scheduler.random();
    const device = scheduler.pick(this.devices);
    const { page } = device;
    if (dice < 0.5) this.moves(page);
    else if (dice < 0.58) this.cutOne(page);
    else if (dice < 0.65) this.reload(device);
    else if (dice < 0.7) page?.wake(scheduler.pick(['online', 'offline', 'visible']));
    else if (dice < 0.75) this.toggleNetwork();
    else if (dice < 0.81) this.crash();
    else if (dice < 0.83) void server.stop();
    else if (dice < 0.86) disk.setCapacity(disk.usedBytes() + scheduler.between(0, 6_000));
    else if (dice < 0.9) disk.setCapacity(Number.POSITIVE_INFINITY);
    else if (dice < 0.92) this.diskSlow = !this.diskSlow;
    else if (dice < 0.94) this.database.failing = scheduler.pick([0, 0, 0.1, 1]);
    else if (dice < 0.95) scheduler.wallOffset += scheduler.between(-60_000, 60_000);
    else if (dice < 0.97) this.sweep();
    else if (dice < 0.99) await this.crashWhileSweeping();
    else await this.purge();
    if (!server.up && scheduler.chance(0.5)) server.start();
  }

  private pause(): number {
    const { scheduler } = this;
    const dice = scheduler.random();
    if (dice < 0.6) return scheduler.between(0, 30);
    if (dice < 0.95) return scheduler.between(30, 800);
    return scheduler.between(800, 15_000);
  }

  private moves(page: Page | null): void {
    const { scheduler } = this;
    const count = scheduler.chance(0.8) ? 1 : Math.ceil(scheduler.between(1, 12));
    for (let at = 0; at < count; at++) page?.move();
    if (scheduler.chance(0.1)) page?.session.sendChat('x'.repeat(Math.floor(scheduler.between(1, 900))));
    if (scheduler.chance(0.2)) page?.session.signal(Math.floor(scheduler.between(0, 99)));
  }

  private cutOne(page: Page | null): void {
    const links = [...this.network.links].filter((link) => link.name === page?.name);
    for (const link of links) {
      if (this.scheduler.chance(0.5)) link.cut();
      else link.reset();
    }
  }

  private reload(device: Device): void {
    device.page?.die();
    void new Page(device, this.world);
  }

  private toggleNetwork(): void {
    this.network.up = !this.network.up;
    if (this.network.up) return;
    for (const link of this.network.links) if (this.scheduler.chance(0.5)) link.cut();
  }

  private crash(): void {
    this.server.die(this.scheduler.pick(['everything', 'random']));
    if (this.scheduler.chance(0.8)) this.server.start();
  }

  private sweep(): void {
    const { scheduler } = this;
    const sweeping = this.server.running?.archiver.sweep(ROOM);
    // A sweep that fails ends without a further step that would tell.
    void sweeping?.catch(() => (scheduler.realWork = false));
  }

  private async crashWhileSweeping(): Promise<void> {
    this.sweep();
    await this.scheduler.advance(this.scheduler.between(0, 12));
    this.crash();
  }

  /** Everybody leaves; the room is archived and leaves memory; then everybody comes back. */
  private async purge(): Promise<void> {
    this.network.up = false;
    for (const link of this.network.links) link.reset();
    await this.scheduler.advance(2_000);
    this.sweep();
    await this.scheduler.advance(80_000);
    this.network.up = true;
    for (const page of this.pages()) page.wake('online');
  }

  private heal(): void {
    this.network.up = true;
    this.database.failing = 0;
    this.diskSlow = false;
    this.disk.setCapacity(Number.POSITIVE_INFINITY);
  }

  /** Also sees to what an operator would: a server that stopped is started again. */
  private atRest(): boolean {
    if (!this.server.up) this.server.start();
    const pages = this.pages();
    const seqs = new Set(pages.map(({ session }) => session.position().seq));
    const quiet = pages.every(({ session }) => session.status() === 'live' && session.unsent() === 0);
    return quiet && seqs.size === 1 && this.devices.every(({ rows }) => rows.size === 0);
  }

  private describe(): string {
    const pages = this.pages().map(({ name, session }) => {
      return `${name} ${session.status()} ${session.stopCode() ?? ''} at ${session.position().seq} unsent ${session.unsent()}`;
    });
    return [...pages, this.server.running ? 'server up' : 'server down'].join('; ');
  }

  private pages(): Page[] {
    return this.devices.flatMap(({ page }) => (page === null ? [] : [page]));
  }

  /** Archive and live log as one, from entry 1 on (rule 10). */
  private async readLog(): Promise<{ log: Logged[]; archived: number }> {
    const db = this.database.direct();
    const log: Logged[] = [];
    const decoder = new TextDecoder();
    const take = (bytes: Uint8Array) => {
      const reader = new Reader(bytes);
      while (!reader.atEnd) {
        const record = readRecord(reader);
        if (record === null) return this.oracle.fail(10, `bytes that are no record after ${log.length}`);
        if (record.seq > log.length + 1) this.oracle.fail(10, `entry ${log.length + 1} is nowhere`);
        if (record.seq === log.length + 1) log.push({ ...record, text: decoder.decode(record.body) });
      }
    };
    for (const { first_seq: first, deflated } of await readChunks(db, ROOM, 0, 100_000)) {
      if (first !== log.length + 1) this.oracle.fail(10, `a chunk begins at ${first} after ${log.length}`);
      take(inflateRawSync(deflated));
    }
    const archived = (await roomById(db, ROOM))?.archived_upto ?? 0;
    if (archived !== log.length)
      this.oracle.fail(10, `archived up to ${archived}, chunks end at ${log.length}`);
    let runs: readonly { records: Uint8Array }[] = [];
    void this.server.running?.journal
      .read(ROOM, archived, Number.MAX_SAFE_INTEGER)
      .then((read) => (runs = read));
    await this.scheduler.advance(1_000);
    for (const { records } of runs) take(records);
    return { log, archived };
  }

  /** The pages' states are what the log says, played by the same rules. */
  private compare(log: readonly Logged[], position: number): string {
    const replay = newReplay<Tally>();
    for (const record of log.slice(0, position)) applyRecord(replay, record, orderGame, () => {});
    const expected = stateHash(replay.state);
    for (const { name, session } of this.pages()) {
      if (stateHash(session.state()) !== expected)
        this.oracle.fail(2, `${name} is in another state than the log`);
    }
    return expected;
  }

  private async join(seat: number): Promise<JoinAnswer> {
    const { scheduler } = this;
    await scheduler.wait(scheduler.between(1, 60));
    if (!this.network.up || scheduler.chance(0.05)) throw new Error('no network');
    const claims = { room: ROOM, seat, observer: false, device: `d${seat}`, generation: 1 };
    const ticket = signPass({ ...claims, expires: scheduler.wall() + TICKET_MS }, KEYS);
    return { ok: true, socket: `ws://test${socketPath(SLOT, ROOM)}`, ticket };
  }

  private async furnish(): Promise<void> {
    const db = this.database.direct();
    await db.transaction().execute(async (tx) => {
      await insertEntitlement(tx, {
        id: 'e1',
        order_id: null,
        game: 'order',
        kind: 'free',
        secret_hash: 'h',
        secret_sealed: 's',
        generation: 1,
        room: null,
        created_at: 0,
        first_played_at: null,
      });
      await createRoom(tx, {
        id: ROOM,
        entitlement: 'e1',
        game: 'order',
        rules_hash: 'x',
        seed: this.seed,
        locale: 'en',
        options: '{}',
        region: 'local',
        log: 'journal',
        created_at: 0,
        started_at: STARTS_AT,
        end_token: 't',
      });
    });
  }
}
