/** The players' side: devices that keep outboxes, and pages on them that run the real session. */
import { inflateRawSync } from 'node:zlib';
import { RecordKind } from '../../sdk/protocol/record.ts';
import type { GameRules } from '../../sdk/src/rules.ts';
import { openSession } from '../../sdk/src/session.ts';
import type { Environment, JoinAnswer, OutboxStore, Session, StoredSend } from '../../sdk/src/session-api.ts';
import type { Lease } from './lease.ts';
import type { Network } from './network.ts';
import type { Oracle } from './oracle.ts';
import type { CountedMove, Tally } from './order-game.ts';
import type { Scheduler } from './scheduler.ts';
import { firstToken } from './seed-data.ts';
import { describeTalk } from './durable-model.ts';

/** What a planted bug may change about how a device keeps outboxes. */
export type WrapStore = (store: OutboxStore, device: Device) => OutboxStore;
type Wake = 'online' | 'offline' | 'visible';

export interface PagesWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly rules: GameRules<Tally, CountedMove>;
  readonly wrapStore: WrapStore;
  join(device: Device): Promise<JoinAnswer>;
}

/** One player's machine: its rows outlive its pages, locks end with them. */
export class Device {
  readonly room: string;
  readonly seat: number;
  readonly observer: boolean;
  readonly rows = new Map<string, readonly StoredSend[]>();
  readonly locks = new Map<string, Lease>();
  readonly pages = new Set<Page>();
  /** What the server knows the device by; a seat that is claimed gets a new one. */
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
  readonly #lease: Lease;
  readonly #world: PagesWorld;
  readonly #wakers = new Set<(why: Wake) => void>();
  /** Own moves that the device has written down at least once. */
  readonly #kept = new Set<number>();
  readonly #sent: number[] = [];

  constructor(device: Device, world: PagesWorld) {
    const { scheduler } = world;
    this.device = device;
    this.#world = world;
    this.#lease = scheduler.lease();
    this.name = `${device.name} page ${++device.pagesMade}`;
    device.pages.add(this);
    if (device.pages.size > 1) scheduler.mark('two pages of one device');
    scheduler.event('page', device.pagesMade);
    this.session = openSession({
      room: device.room,
      rules: world.rules,
      environment: this.#environment(),
      join: () => world.join(device),
      report: (kind, detail) => {
        const [why = ''] = detail.split(/[ :]/, 1);
        scheduler.mark(`page reports ${kind} ${why}`);
        scheduler.trace(() => `${this.name} reports ${kind} ${detail}`);
      },
    });
  }

  move(): void {
    const { oracle, scheduler } = this.#world;
    const id = oracle.moves.size + 1;
    const { room } = this.device;
    oracle.moves.set(id, { id, room, author: this.name, count: this.#sent.push(id), owed: true });
    scheduler.event('page', id);
    scheduler.trace(() => `${this.name} makes move ${id}`);
    this.session.send({ id });
  }

  wake(why: Wake): void {
    this.#world.scheduler.mark(`page wakes ${why}`);
    for (const waker of this.#wakers) waker(why);
  }

  /** The page is closed without warning. What the device had not written yet is gone with it. */
  die(): void {
    const { oracle, network, scheduler } = this.#world;
    scheduler.event('page', 0);
    scheduler.mark('page closed');
    scheduler.trace(() => `${this.name} is closed`);
    for (const id of this.#sent) {
      const move = oracle.moves.get(id);
      if (move && !this.#kept.has(id)) move.owed = false;
    }
    this.#lease.end();
    for (const link of network.links) if (link.name === this.name) link.pageDied();
    for (const [client, holder] of this.device.locks) {
      if (holder === this.#lease) this.device.locks.delete(client);
    }
    this.device.pages.delete(this);
  }

  /** It shows itself as live, whether or not the room can store. */
  isLive(): boolean {
    return ['live', 'hold'].includes(this.session.status());
  }

  /**
   * After a backup was restored, a page that has not noticed yet may stand in the course of things before that:
   * then its position is none.
   */
  isOfThisCourse(restores: number): boolean {
    const { epoch, seq } = this.session.position();
    return restores === 0 || this.#world.oracle.truth(this.device.room).holds(epoch, seq);
  }

  /** A page that shows itself as live shows what the log says (rule 2). */
  check(): void {
    const { oracle } = this.#world;
    const { seq } = this.session.position();
    const state = this.session.state();
    const expected = oracle.truth(this.device.room).stateAt(seq);
    if (expected === null) return oracle.note(2, `${this.name} is live at ${seq}, which is nowhere`);
    if (state === null) return oracle.note(2, `${this.name} is live at ${seq} and shows nothing`);
    if (state.hash !== expected.hash || state.count !== expected.count)
      oracle.note(2, `${this.name} at ${seq} is in another state than the log`);
  }

  /** At the log's end it also shows what players said, each line once. */
  checkTalk(): void {
    const { oracle } = this.#world;
    const { session, device } = this;
    const lines = session.chat().map(({ seq, text }) => `${seq} ${text}`);
    const notes = new Map(session.notes().map(({ id, text }) => [id, text]));
    if (describeTalk(lines, notes) !== oracle.truth(device.room).talk())
      oracle.note(2, `${this.name} shows other chat or notes than the log has`);
  }

  #environment(): Environment {
    const { scheduler, network, wrapStore } = this.#world;
    const lease = this.#lease;
    return {
      now: () => scheduler.now,
      after: lease.after,
      random: () => scheduler.random(),
      randomBytes: (length) => new Uint8Array(lease.world.random.bytes(length)),
      connect: (url, events) => network.connect(lease, this.name, url, events),
      inflate: async (deflated) => {
        await new Promise<void>((resolve) => lease.after(scheduler.between(0, 3), resolve));
        return new Uint8Array(inflateRawSync(deflated));
      },
      outbox: this.#noting(wrapStore(this.#store(), this.device)),
      onWake: (listener) => {
        this.#wakers.add(listener);
        return () => this.#wakers.delete(listener);
      },
    };
  }

  /** Remembers what was said to be kept: that much the player is owed. */
  #noting(store: OutboxStore): OutboxStore {
    return {
      save: async (client, sends) => {
        await store.save(client, sends);
        for (const { kind, body } of sends) if (kind === RecordKind.move) this.#kept.add(idOf(body));
      },
      adopt: async (max) => {
        const adopted = await store.adopt(max);
        if (adopted.length > 0) this.#world.scheduler.mark('outbox taken over');
        return adopted;
      },
    };
  }

  /** Writes take a moment, and what is under way when the page dies never happens. */
  #store(): OutboxStore {
    const { rows, locks } = this.device;
    const lease = this.#lease;
    const { scheduler } = this.#world;
    let before: Promise<void> = Promise.resolve();
    const inTurn = (work: () => void): Promise<void> => {
      const pause = () => new Promise<void>((resolve) => lease.after(scheduler.between(0, 4), resolve));
      before = before.then(pause).then(work);
      return before;
    };
    return {
      save: (client, sends) =>
        inTurn(() => {
          locks.set(client, lease);
          if (sends.length === 0) rows.delete(client);
          else rows.set(client, sends);
        }),
      async adopt(max) {
        const adopted: { client: string; sends: readonly StoredSend[] }[] = [];
        await inTurn(() => {
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
