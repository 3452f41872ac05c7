/**
 * The planted bugs: mistakes that real systems made. Each takes one guard away, by an adapter, a wrapper
 * or a replaced method, never by a switch in the product; the simulation must find it out.
 */
import { heartbeat } from '../../sdk/protocol/heartbeat.ts';
import type { OutboxStore, StoredSend } from '../../sdk/src/session-api.ts';
import { ClientTable } from '../../src/services/game/clients.ts';
import { Ledger } from '../../src/services/game/ledger.ts';
import { Replay } from '../../src/services/game/replay.ts';
import { Room } from '../../src/services/game/room.ts';
import { override } from './override.ts';
import type { Device } from './pages.ts';
import type { Plant } from './plant.ts';
import { leavesOutChunk, trustsEpochs } from './planted-door.ts';
import { careless, hasty, insistent, mistaking, stubborn, timeless } from './planted-log.ts';
import { STARTS_AT } from './scheduler.ts';

export interface PlantedBug {
  readonly name: string;
  readonly plant: Plant;
  /** What the first violation must be. */
  readonly rule: RegExp;
}

/** Replaces a method of a class as long as a run lasts. */
function patched<T extends object, K extends keyof T>(
  type: { prototype: T },
  name: K,
  make: (real: T[K]) => T[K],
) {
  return (): (() => void) => {
    const real = type.prototype[name];
    type.prototype[name] = make(real);
    return () => {
      type.prototype[name] = real;
    };
  };
}

/** Fields that the language hides and a bug would not respect. */
interface InsideLedger {
  readonly assignedSeq: number;
}
interface InsideReplay {
  readonly sink: { caughtUp(seq: number): void };
  readonly room: { readonly ledger: { readonly durableSeq: number } };
}

const turned = (id: string): string => id.slice(16) + id.slice(0, 16);

/** Takes over what lies there, whoever is still at it. */
function greedy(store: OutboxStore, device: Device): OutboxStore {
  const known = new Set<string>();
  return {
    save: (client, sends) => {
      known.add(client);
      return store.save(client, sends);
    },
    adopt: async (max) => {
      await store.adopt(0);
      const taken: { client: string; sends: readonly StoredSend[] }[] = [];
      for (const [client, sends] of device.rows) {
        if (known.has(client) || taken.length >= max) continue;
        known.add(client);
        taken.push({ client, sends });
      }
      return taken;
    },
  };
}

/** Nor do the keys of chunks and epochs stand in the way: they would catch most of it. */
function withoutCompareAndSet(sql: string): string {
  return sql
    .replace('and "archived_upto" = ?', 'and ("archived_upto" = ? or 1)')
    .replace(/^insert into "(chunks|room_epochs)"/, 'insert or ignore into "$1"');
}

export const PLANTED: readonly PlantedBug[] = [
  { name: 'the disk says durable and is not', plant: { diskLies: true }, rule: /^rule 1: / },
  { name: 'an echo before the sync', plant: { gameLog: hasty }, rule: /^rule (1|5): / },
  { name: 'a failed sync is tried again', plant: { disk: stubborn }, rule: /^rule 1: / },
  {
    name: 'heads are told before they are durable',
    plant: {
      patch: patched(
        Room,
        'heartbeat',
        () =>
          function (this: Room, token: number) {
            const { assignedSeq: seq } = this.ledger as unknown as InsideLedger;
            return heartbeat.encode({ epoch: this.epoch, seq, roomMs: this.ledger.roomMs(), token });
          },
      ),
    },
    rule: /^rule 1: /,
  },
  {
    name: 'an unknown outcome is taken for a commit',
    plant: { gameLog: mistaking('unknown', 'committed') },
    rule: /^rule (1|5): /,
  },
  { name: 'an unknown outcome is tried again', plant: { gameLog: insistent }, rule: /^rule (3|5): / },
  {
    name: 'a refused batch is not rolled back',
    plant: { patch: patched(ClientTable, 'rollBack', () => () => {}) },
    rule: /^rule (1|3): /,
  },
  {
    name: 'who sent what is forgotten when a room is loaded',
    plant: {
      store: (store) =>
        override(store, {
          loadRoom: async (room) => {
            const loaded = await store.loadRoom(room);
            return loaded && { ...loaded, clients: [] };
          },
        }),
    },
    rule: /^rule 3: /,
  },
  {
    name: 'a jump of client seqs is taken',
    plant: {
      patch: patched(
        Ledger,
        'offer',
        (real) =>
          function (this: Ledger, client, clientSeq, kind, frame, bodyAt) {
            client.assignedSeq = Math.max(client.assignedSeq, clientSeq - 1);
            return real.call(this, client, clientSeq, kind, frame, bodyAt);
          },
      ),
    },
    rule: /^rule 3: /,
  },
  { name: 'an outbox is taken over twice', plant: { outbox: greedy }, rule: /^rule 3: / },
  {
    name: 'an outbox is taken over under another id',
    plant: {
      outbox: (store) =>
        override(store, {
          adopt: async (max) =>
            (await store.adopt(max)).map(({ client, sends }) => ({ client: turned(client), sends })),
        }),
    },
    rule: /^rule 3: /,
  },
  {
    name: 'an outbox is not kept over a reload',
    plant: { outbox: (store) => override(store, { save: (client) => store.save(client, []) }) },
    rule: /^rule 3: /,
  },
  { name: 'frames are left out for a slow page', plant: { networkForgets: true }, rule: /^rule 2: / },
  { name: 'a gap in the replay', plant: { door: leavesOutChunk }, rule: /^rule 2: / },
  {
    name: 'live before the replay ended',
    plant: {
      patch: patched(
        Replay,
        'go',
        (real) =>
          function (this: Replay) {
            const { sink, room } = this as unknown as InsideReplay;
            sink.caughtUp(room.ledger.durableSeq);
            real.call(this);
          },
      ),
    },
    rule: /^rule 2: /,
  },
  { name: 'time goes back', plant: { gameLog: timeless }, rule: /^rule 2: .*back in time/ },
  { name: 'a position is good whatever its epoch', plant: { door: trustsEpochs }, rule: /^rule [24]: / },
  {
    name: 'an epoch is used again after a restored backup',
    plant: { gameWorld: (world) => ({ ...world, clock: override(world.clock, { now: () => STARTS_AT }) }) },
    rule: /^rule [245]: /,
  },
  {
    name: 'a stale owner writes',
    plant: { gameLog: mistaking('fenced', 'committed') },
    rule: /^rule (1|2): /,
  },
  { name: 'two processes have one journal', plant: { lockOpen: true }, rule: /^rule / },
  { name: 'the archiver trims before it commits', plant: { archiverLog: careless }, rule: /^rule (1|10): / },
  {
    name: 'chunks move whatever the archive has',
    plant: { sql: withoutCompareAndSet },
    rule: /^rule (1|10): /,
  },
];
