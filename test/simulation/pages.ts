/** The players' side: devices that store outboxes, and pages on them that run the real session. */
import { inflateRawSync } from 'node:zlib';
import { RecordKind } from '../../sdk/protocol/record.ts';
import type { GameRules } from '../../sdk/src/rules.ts';
import { openSession } from '../../sdk/src/session.ts';
import type { Environment, JoinAnswer, OutboxStore, Session, StoredSend } from '../../sdk/src/session-api.ts';
import { pause } from '../../src/lib/pause.ts';
import type { Lease } from './lease.ts';
import type { Network } from './network.ts';
import type { Oracle } from './oracle.ts';
import type { CountedMove, Tally } from './order-game.ts';
import type { Scheduler } from './scheduler.ts';
import { firstToken } from './seed-data.ts';
import { describeChat } from './durable-model.ts';

/** A mutant's change of a device's outbox store. */
export type WrapStore = (store: OutboxStore, device: Device) => OutboxStore;
type Wake = 'online' | 'offline' | 'visible';

export interface PageDeps {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly rules: GameRules<Tally, CountedMove>;
  readonly wrapStore: WrapStore;
  join(device: Device): Promise<JoinAnswer>;
}

/** A player's device: its stored rows outlive its pages; a page's locks end with it. */
export class Device {
  readonly room: string;
  readonly seat: number;
  readonly observer: boolean;
  readonly rows = new Map<string, readonly StoredSend[]>();
  readonly locks = new Map<string, Lease>();
  readonly pages = new Set<Page>();
  /** The device token; a seat that is claimed gets a new one. */
  token: string;
  pagesMade = 0;

  constructor(room: string, seat: number, observer = false) {
    this.room = room;
    this.seat = seat;
    this.observer = observer;
    this.token = firstToken(seat);
  }

  get name(): string {
    return `${this.room.slice(0, 2)} ${this.observer ? 'observer' : `seat ${this.seat}`}`;
  }
}

export class Page {
  readonly session: Session<Tally, CountedMove>;
  readonly name: string;
  readonly device: Device;
  private readonly lease: Lease;
  private readonly deps: PageDeps;
  private readonly wakers = new Set<(why: Wake) => void>();
  /** Own moves that the device stored at least once. */
  private readonly stored = new Set<number>();
  private readonly sent: number[] = [];

  constructor(device: Device, world: PageDeps) {
    const { scheduler } = world;
    this.device = device;
    this.deps = world;
    this.lease = scheduler.lease();
    this.name = `${device.name} page ${++device.pagesMade}`;
    device.pages.add(this);
    if (device.pages.size > 1) scheduler.count('two pages of one device');
    scheduler.event('page', device.pagesMade);
    this.session = openSession({
      room: device.room,
      rules: world.rules,
      environment: this.environment(),
      join: () => world.join(device),
      report: (kind, detail) => {
        const [why = ''] = detail.split(/[ :]/, 1);
        scheduler.count(`page reports ${kind} ${why}`);
        scheduler.trace(() => `${this.name} reports ${kind} ${detail}`);
      },
    });
  }

  move(): void {
    const { oracle, scheduler } = this.deps;
    const id = oracle.moves.size + 1;
    const { room } = this.device;
    oracle.moves.set(id, { id, room, author: this.name, count: this.sent.push(id), isExpected: true });
    scheduler.event('page', id);
    scheduler.trace(() => `${this.name} makes move ${id}`);
    this.session.send({ id });
  }

  wake(why: Wake): void {
    this.deps.scheduler.count(`page wakes ${why}`);
    for (const waker of this.wakers) waker(why);
  }

  /** Closes the page without warning. What the device has not stored yet is lost. */
  close(): void {
    const { oracle, network, scheduler } = this.deps;
    scheduler.event('page', 0);
    scheduler.count('page closed');
    scheduler.trace(() => `${this.name} is closed`);
    for (const id of this.sent) {
      const move = oracle.moves.get(id);
      if (move && !this.stored.has(id)) move.isExpected = false;
    }
    this.lease.end();
    for (const link of network.links) if (link.name === this.name) link.pageDied();
    for (const [client, holder] of this.device.locks) {
      if (holder === this.lease) this.device.locks.delete(client);
    }
    this.device.pages.delete(this);
  }

  /** It shows the room's state, whether or not the room can store. */
  isLive(): boolean {
    return ['live', 'hold'].includes(this.session.status());
  }

  /** False for a page that has not noticed a restore yet and has a position of the discarded history. */
  hasCurrentPosition(restores: number): boolean {
    const { epoch, seq } = this.session.position();
    return restores === 0 || this.deps.oracle.model(this.device.room).hasPosition(epoch, seq);
  }

  /** A live page's state must be the log's (I2). */
  check(): void {
    const { oracle } = this.deps;
    const { seq } = this.session.position();
    const state = this.session.state();
    const expected = oracle.model(this.device.room).stateAt(seq);
    if (expected === null)
      return oracle.report('I2', `${this.name} is live at ${seq}, which the log does not have`);
    if (state === null) return oracle.report('I2', `${this.name} is live at ${seq} and has no state`);
    if (state.hash !== expected.hash || state.count !== expected.count)
      oracle.report('I2', `${this.name} at ${seq} is in another state than the log`);
  }

  /** At the log's end its chat and notes are those of the log, too. */
  checkChat(): void {
    const { oracle } = this.deps;
    const { session, device } = this;
    const lines = session.chat().map(({ seq, text }) => `${seq} ${text}`);
    const notes = new Map(session.notes().map(({ id, text }) => [id, text]));
    if (describeChat(lines, notes) !== oracle.model(device.room).chatAndNotes())
      oracle.report('I2', `${this.name} shows other chat or notes than the log has`);
  }

  private environment(): Environment {
    const { scheduler, network, wrapStore } = this.deps;
    const lease = this.lease;
    return {
      now: () => scheduler.now,
      after: lease.after,
      random: () => scheduler.random(),
      randomBytes: (length) => new Uint8Array(lease.world.random.bytes(length)),
      connect: (url, events) => network.connect(lease, this.name, url, events),
      inflate: async (deflated) => {
        await pause(lease, scheduler.between(0, 3));
        return new Uint8Array(inflateRawSync(deflated));
      },
      outbox: this.recordStored(wrapStore(this.store(), this.device)),
      onWake: (listener) => {
        this.wakers.add(listener);
        return () => this.wakers.delete(listener);
      },
    };
  }

  /** Records which moves were stored: those must get into the log. */
  private recordStored(store: OutboxStore): OutboxStore {
    return {
      save: async (client, sends) => {
        await store.save(client, sends);
        for (const { kind, body } of sends) if (kind === RecordKind.move) this.stored.add(idOf(body));
      },
      takeOver: async (max) => {
        const adopted = await store.takeOver(max);
        if (adopted.length > 0) this.deps.scheduler.count('outbox taken over');
        return adopted;
      },
    };
  }

  /** Writes take time; one that is not finished when the page is closed never happens. */
  private store(): OutboxStore {
    const { rows, locks } = this.device;
    const lease = this.lease;
    const { scheduler } = this.deps;
    let last: Promise<void> = Promise.resolve();
    const enqueue = (work: () => void): Promise<void> => {
      last = last.then(() => pause(lease, scheduler.between(0, 4))).then(work);
      return last;
    };
    return {
      save: (client, sends) =>
        enqueue(() => {
          locks.set(client, lease);
          if (sends.length === 0) rows.delete(client);
          else rows.set(client, sends);
        }),
      async takeOver(max) {
        const adopted: { client: string; sends: readonly StoredSend[] }[] = [];
        await enqueue(() => {
          for (const [client, sends] of rows) {
            if (adopted.length >= max || locks.has(client)) continue;
            locks.set(client, lease);
            adopted.push({ client, sends });
          }
        });
        return adopted;
      },
    };
  }
}

const decoder = new TextDecoder();

function idOf(body: Uint8Array): number {
  return (JSON.parse(decoder.decode(body)) as { id: number }).id;
}
