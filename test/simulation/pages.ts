/** The players' side: devices that keep outboxes, and pages on them that run the real session. */
import { inflateRawSync } from 'node:zlib';
import { RecordKind } from '../../sdk/protocol/record.ts';
import type { GameRules } from '../../sdk/src/rules.ts';
import { openSession } from '../../sdk/src/session.ts';
import type { JoinAnswer, OutboxStore, Session, StoredSend } from '../../sdk/src/session-api.ts';
import type { Network } from './network.ts';
import type { Oracle } from './oracle.ts';
import type { Lease, Scheduler } from './scheduler.ts';

export interface Tally {
  readonly order: readonly number[];
  readonly chance: number;
}
export interface CountedMove {
  readonly id: number;
}

/** The order of the moves is the state: two pages that saw it differently cannot agree. */
export const orderGame: GameRules<Tally, CountedMove> = {
  init: () => ({ order: [], chance: 0 }),
  parse: (value) => value as CountedMove,
  apply: (state, { id }, { random }) => ({
    order: [...state.order, id],
    chance: (state.chance + Math.floor(random() * 1e6)) % 1e6,
  }),
  progress: () => ({ puzzles: [], done: false, hints: 0 }),
  hints: () => [],
};

/** What a planted bug may change about how a device keeps outboxes. */
export type WrapStore = (store: OutboxStore) => OutboxStore;

/** One player's machine: its rows outlive its pages, locks end with them. */
export class Device {
  readonly seat: number;
  readonly rows = new Map<string, readonly StoredSend[]>();
  readonly locks = new Map<string, Lease>();
  page: Page | null = null;
  pages = 0;

  constructor(seat: number) {
    this.seat = seat;
  }
}

export interface PagesWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly wrapStore: WrapStore;
  join(seat: number): Promise<JoinAnswer>;
}

export class Page {
  readonly session: Session<Tally, CountedMove>;
  readonly name: string;
  readonly reports: string[] = [];
  readonly #device: Device;
  readonly #lease: Lease;
  readonly #world: PagesWorld;
  readonly #wakers = new Set<(why: 'online' | 'offline' | 'visible') => void>();
  #count = 0;

  constructor(device: Device, world: PagesWorld) {
    this.#device = device;
    this.#world = world;
    this.#lease = world.scheduler.lease();
    this.name = `seat ${device.seat} page ${++device.pages}`;
    device.page = this;
    this.session = openSession({
      room: 'room',
      rules: orderGame,
      environment: this.#environment(),
      join: () => world.join(device.seat),
      report: (kind, detail) => {
        this.reports.push(`${kind} ${detail}`);
      },
    });
  }

  move(): void {
    const { moves } = this.#world.oracle;
    const id = moves.size + 1;
    moves.set(id, { id, author: this.name, count: ++this.#count, owed: true });
    this.session.send({ id });
  }

  wake(why: 'online' | 'offline' | 'visible'): void {
    for (const waker of this.#wakers) waker(why);
  }

  /** The page is closed without warning. What the device had not written yet is gone with it. */
  die(): void {
    const stored = [...this.#device.rows.values()].flat();
    const kept = new Set(stored.map(({ kind, body }) => (kind === RecordKind.move ? idOf(body) : 0)));
    const shown = this.session.state()?.order ?? [];
    for (const move of this.#world.oracle.moves.values()) {
      if (move.author === this.name && !kept.has(move.id) && !shown.includes(move.id)) move.owed = false;
    }
    this.#lease.end();
    for (const link of this.#world.network.links) if (link.name === this.name) link.pageDied();
    for (const [client, holder] of this.#device.locks) {
      if (holder === this.#lease) this.#device.locks.delete(client);
    }
    this.#device.page = null;
  }

  #environment() {
    const { scheduler, network, wrapStore } = this.#world;
    const lease = this.#lease;
    return {
      now: () => scheduler.now,
      after: lease.after,
      random: () => scheduler.random(),
      randomBytes: (length: number) => new Uint8Array(lease.world.random.bytes(length)),
      connect: (url: string, events: Parameters<Network['connect']>[3]) =>
        network.connect(lease, this.name, url, events),
      inflate: async (deflated: Uint8Array) => {
        await new Promise<void>((resolve) => lease.after(scheduler.between(0, 3), resolve));
        return new Uint8Array(inflateRawSync(deflated));
      },
      outbox: wrapStore(this.#store()),
      onWake: (listener: (why: 'online' | 'offline' | 'visible') => void) => {
        this.#wakers.add(listener);
        return () => this.#wakers.delete(listener);
      },
    };
  }

  /** Writes take a moment, and what is under way when the page dies never happens. */
  #store(): OutboxStore {
    const { rows, locks } = this.#device;
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
