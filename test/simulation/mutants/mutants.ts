/**
 * The mutants: bugs that real systems had. Each removes one guard through an adapter or a wrapper around a
 * port, never through a switch in the product; the simulation must detect it.
 */
import type { OutboxStore, StoredSend } from '../../../sdk/src/session-api.ts';
import { ClientTable } from '../../../src/services/game/room/client-table.ts';
import { override } from '../override.ts';
import type { Device } from '../pages.ts';
import type { Mutation } from './mutant.ts';
import {
  trimsBeforeArchived,
  enqueues,
  corruptsLastByte,
  skipsInsertInto,
  withoutCompareAndSet,
  keepsFirstClientState,
} from './archive-mutants.ts';
import * as frames from './frame-mutants.ts';
import { syncsBeforeWrite, retriesFailedSync } from './disk-mutants.ts';
import * as logs from './log-mutants.ts';
import { STARTS_AT } from '../scheduler.ts';
import type { Invariant } from '../violation.ts';

export interface Mutant {
  readonly name: string;
  /** Called for each run: some keep state. */
  readonly mutation: () => Mutation;
  /** The first violation must be of one of these. */
  readonly invariants: readonly Invariant[];
  /** Its message must match, where an invariant has several checks. */
  readonly message?: RegExp;
  /** Nothing but the checks of its one invariant may detect it. */
  readonly exclusive?: true;
}

/**
 * Removes, for the length of a run, the one guard that no port reaches (docs/decisions/0085-simulation.md).
 */
function withoutRollBack(): () => void {
  const { prototype } = ClientTable;
  const { rollBack } = prototype;
  prototype.rollBack = () => {};
  return () => {
    prototype.rollBack = rollBack;
  };
}

function headsBeforeDurable(): Mutation {
  const assigned = new Map<string, number>();
  return {
    gameLog: (log) => logs.tracksAssigned(log, assigned),
    endpoint: (endpoint) => frames.heartbeatsAssignedHead(endpoint, assigned),
  };
}

const swapHalves = (id: string): string => id.slice(16) + id.slice(0, 16);

/** Adopts stored outboxes although another page holds their locks. */
function adoptsLockedOutboxes(store: OutboxStore, device: Device): OutboxStore {
  const known = new Set<string>();
  return {
    save: (client, sends) => {
      known.add(client);
      return store.save(client, sends);
    },
    takeOver: async (max) => {
      await store.takeOver(0);
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

const I1: readonly Mutant[] = [
  {
    name: 'the disk reports writes as durable that are not',
    mutation: () => ({ disk: syncsBeforeWrite }),
    invariants: ['I1', 'I5', 'I10'],
  },
  {
    name: 'an append is acknowledged before it is committed',
    mutation: () => ({ gameLog: logs.acknowledgesBeforeCommit }),
    invariants: ['I1', 'I5'],
  },
  {
    name: 'a failed sync is retried',
    mutation: () => ({ disk: retriesFailedSync }),
    invariants: ['I1', 'I5'],
  },
  {
    name: 'heads are sent before they are durable',
    mutation: headsBeforeDurable,
    invariants: ['I1'],
    message: /was sent head/,
  },
  {
    name: 'an unknown outcome is treated as a commit',
    mutation: () => ({ gameLog: logs.reportsOutcomeAs('unknown', 'committed') }),
    invariants: ['I1', 'I5'],
  },
];

const I2: readonly Mutant[] = [
  {
    name: 'frames for a slow page are dropped',
    mutation: () => ({ dropsWhenCongested: true }),
    invariants: ['I2'],
  },
  { name: 'a gap in the replay', mutation: () => ({ endpoint: frames.skipsChunk }), invariants: ['I2'] },
  {
    name: 'a replay sends records twice',
    mutation: () => ({ endpoint: frames.repeatsInReplay }),
    invariants: ['I2'],
    message: /got \d+ again/,
    exclusive: true,
  },
  {
    name: 'live before the replay ended',
    mutation: () => ({ endpoint: frames.liveBeforeReplay }),
    invariants: ['I2'],
    message: /went live/,
  },
  {
    name: 'live is sent before any record',
    mutation: () => ({ endpoint: frames.liveWithNothing }),
    invariants: ['I2'],
    message: /went live at 0/,
  },
  {
    name: 'a live page has no state',
    mutation: () => ({ rules: (rules) => ({ ...rules, init: throwAlways }) }),
    invariants: ['I2'],
    message: /has no state/,
  },
  {
    name: 'a page is welcomed twice',
    mutation: () => ({ endpoint: frames.welcomesTwice }),
    invariants: ['I2'],
    message: /was welcomed twice/,
  },
  {
    name: 'a page is welcomed after a drain notice',
    mutation: () => ({ endpoint: frames.drainsBeforeWelcome }),
    invariants: ['I2'],
    message: /after a drain notice/,
  },
  {
    name: 'the server sends before the hello',
    mutation: () => ({ endpoint: frames.sendsBeforeHello }),
    invariants: ['I2'],
    message: /without a hello/,
    exclusive: true,
  },
  {
    name: 'time goes back',
    mutation: () => ({ gameLog: logs.forgetsRoomTime }),
    invariants: ['I2'],
    message: /back in time/,
  },
];

const I3: readonly Mutant[] = [
  {
    name: 'an unknown outcome is retried',
    mutation: () => ({ gameLog: logs.retriesUnknown }),
    invariants: ['I2', 'I3', 'I5'],
  },
  {
    name: 'a refused batch is not rolled back',
    mutation: () => ({ patch: withoutRollBack }),
    invariants: ['I1', 'I3'],
  },
  {
    name: 'clients are forgotten when a room is loaded',
    mutation: () => ({
      store: (store) =>
        override(store, {
          loadRoom: async (room) => {
            const loaded = await store.loadRoom(room);
            return loaded && { ...loaded, clients: [] };
          },
        }),
    }),
    invariants: ['I3'],
  },
  {
    name: 'a gap in client seqs is accepted',
    mutation: () => ({ endpoint: frames.acceptsSeqGaps }),
    invariants: ['I3'],
  },
  {
    name: 'a welcome has too low a client seq',
    mutation: () => ({ endpoint: frames.lowersClientSeq }),
    invariants: ['I3'],
    message: /was sent only/,
  },
  {
    name: 'a welcome has another client’s number',
    mutation: () => ({ endpoint: frames.shiftsClientNumbers }),
    invariants: ['I3'],
    message: /was sent number/,
  },
  {
    name: 'an outbox is taken over twice',
    mutation: () => ({ outbox: adoptsLockedOutboxes }),
    invariants: ['I3'],
  },
  {
    name: 'an outbox is taken over under another id',
    mutation: () => ({
      outbox: (store) =>
        override(store, {
          takeOver: async (max) =>
            (await store.takeOver(max)).map(({ client, sends }) => ({ client: swapHalves(client), sends })),
        }),
    }),
    invariants: ['I3'],
  },
  {
    name: 'an outbox is not kept over a reload',
    mutation: () => ({ outbox: (store) => override(store, { save: (client) => store.save(client, []) }) }),
    invariants: ['I3'],
  },
];

const I4: readonly Mutant[] = [
  {
    name: 'a position is accepted whatever its epoch',
    mutation: () => ({ endpoint: frames.acceptsAnyEpoch }),
    invariants: ['I4'],
    message: /was resumed at/,
  },
  {
    name: 'an epoch from before the room is accepted',
    mutation: () => ({ endpoint: frames.acceptsEarlierEpochs }),
    invariants: ['I4'],
    message: /was resumed at/,
    exclusive: true,
  },
  {
    name: 'valid positions are reset',
    mutation: () => ({ endpoint: frames.rejectsAllPositions }),
    invariants: ['I4'],
    message: /was reset/,
    exclusive: true,
  },
  {
    name: 'an epoch is used again after a restored backup',
    mutation: () => ({
      gameWorld: (world) => ({ ...world, clock: override(world.clock, { now: () => STARTS_AT }) }),
    }),
    invariants: ['I2', 'I4', 'I5'],
  },
];

const I5: readonly Mutant[] = [
  {
    name: 'an epoch is opened twice',
    mutation: () => ({ journal: logs.reopensSameEpoch }),
    invariants: ['I5'],
    message: /was opened after/,
  },
  {
    name: 'the log accepts appends of two epochs',
    mutation: () => ({ journal: logs.withoutFence }),
    invariants: ['I5'],
    message: /wrote, open is/,
    exclusive: true,
  },
  {
    name: 'a stale owner writes',
    mutation: () => ({ gameLog: logs.reportsOutcomeAs('fenced', 'committed') }),
    invariants: ['I1', 'I2'],
  },
  {
    name: 'two processes open one journal',
    mutation: () => ({ withoutLock: true }),
    invariants: ['I1', 'I4', 'I5'],
  },
];

const I10: readonly Mutant[] = [
  {
    name: 'the archiver trims before it commits',
    mutation: () => ({ archiverLog: trimsBeforeArchived }),
    invariants: ['I1', 'I10'],
  },
  {
    name: 'chunks are stored without comparing the head of the archive',
    mutation: () => ({ sql: withoutCompareAndSet }),
    invariants: ['I1', 'I10'],
  },
  {
    name: 'a byte of a chunk is changed',
    mutation: () => ({ archiverLog: corruptsLastByte }),
    invariants: ['I10'],
    message: /archived differently/,
  },
  {
    name: 'clients are left out of a chunk’s transaction',
    mutation: () => ({ sql: skipsInsertInto('room_clients') }),
    invariants: ['I10'],
    message: /the archive has clients/,
  },
  {
    name: 'of clients only the first state is kept',
    mutation: () => ({ sql: keepsFirstClientState }),
    invariants: ['I10'],
    message: /the archive has clients/,
  },
  {
    name: 'epochs are left out of a chunk’s transaction',
    mutation: () => ({ sql: skipsInsertInto('room_epochs') }),
    invariants: ['I10'],
    message: /the archive has epochs/,
  },
  {
    name: 'a finished room leaves no job',
    mutation: () => ({ jobs: enqueues(0) }),
    invariants: ['I10'],
    message: /the archive has jobs/,
    exclusive: true,
  },
  {
    name: 'a finished room leaves two jobs',
    mutation: () => ({ jobs: enqueues(2) }),
    invariants: ['I10'],
    message: /the archive has jobs/,
    exclusive: true,
  },
];

const LIVENESS: readonly Mutant[] = [
  {
    name: 'no page receives live',
    mutation: () => ({ endpoint: frames.neverSendsLive }),
    invariants: ['liveness'],
  },
];

export const MUTANTS: readonly Mutant[] = [...I1, ...I2, ...I3, ...I4, ...I5, ...I10, ...LIVENESS];

function throwAlways(): never {
  throw new Error('these rules fail at the start');
}
