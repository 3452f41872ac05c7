/**
 * The planted bugs: mistakes that real systems made. Each takes one guard away, by an adapter or a wrapper
 * around a port, never by a switch in the product; the simulation must find it out.
 */
import type { OutboxStore, StoredSend } from '../../../sdk/src/session-api.ts';
import { ClientTable } from '../../../src/services/game/room/client-table.ts';
import { override } from '../override.ts';
import type { Device } from '../pages.ts';
import type { Plant } from './mutant.ts';
import {
  careless,
  enqueued,
  garbled,
  leavingOut,
  withoutCompareAndSet,
  withoutUpdate,
} from './archive-mutants.ts';
import * as doors from './frame-mutants.ts';
import { lagging, stubborn } from './disk-mutants.ts';
import * as logs from './log-mutants.ts';
import { STARTS_AT } from '../scheduler.ts';
import type { Rule } from '../violation.ts';

export interface PlantedBug {
  readonly name: string;
  /** Made anew for each evening: some remember what they saw. */
  readonly plant: () => Plant;
  /** The first violation must be of one of these. */
  readonly by: readonly Rule[];
  /** And say this, where the rule has several checks. */
  readonly says?: RegExp;
  /** Nothing but this rule's checks may see it: `by` names one. */
  readonly alone?: true;
}

/** The one guard that no port reaches (docs/decisions/0085-simulation.md); taken out as long as a run lasts. */
function withoutRollBack(): () => void {
  const { prototype } = ClientTable;
  const { rollBack } = prototype;
  prototype.rollBack = () => {};
  return () => {
    prototype.rollBack = rollBack;
  };
}

function aheadOfTheLog(): Plant {
  const assigned = new Map<string, number>();
  return {
    gameLog: (log) => logs.noting(log, assigned),
    door: (door) => doors.beatsAhead(door, assigned),
  };
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

const RULE_1: readonly PlantedBug[] = [
  { name: 'the disk says durable and is not', plant: () => ({ disk: lagging }), by: [1, 5, 10] },
  { name: 'an echo before the sync', plant: () => ({ gameLog: logs.hasty }), by: [1, 5] },
  { name: 'a failed sync is tried again', plant: () => ({ disk: stubborn }), by: [1, 5] },
  { name: 'heads are told before they are durable', plant: aheadOfTheLog, by: [1], says: /was told head/ },
  {
    name: 'an unknown outcome is taken for a commit',
    plant: () => ({ gameLog: logs.mistaking('unknown', 'committed') }),
    by: [1, 5],
  },
];

const RULE_2: readonly PlantedBug[] = [
  { name: 'frames are left out for a slow page', plant: () => ({ networkForgets: true }), by: [2] },
  { name: 'a gap in the replay', plant: () => ({ door: doors.leavesOutChunk }), by: [2] },
  {
    name: 'a replay sends records twice',
    plant: () => ({ door: doors.repeatsInReplay }),
    by: [2],
    says: /got \d+ again/,
    alone: true,
  },
  {
    name: 'live before the replay ended',
    plant: () => ({ door: doors.livesEarly }),
    by: [2],
    says: /went live/,
  },
  { name: 'live with nothing', plant: () => ({ door: doors.livesAtOnce }), by: [2], says: /went live at 0/ },
  {
    name: 'a live page shows nothing',
    plant: () => ({ rules: (rules) => ({ ...rules, init: never }) }),
    by: [2],
    says: /shows nothing/,
  },
  {
    name: 'a page is welcomed twice',
    plant: () => ({ door: doors.welcomesTwice }),
    by: [2],
    says: /was welcomed twice/,
  },
  {
    name: 'a page that was told to go is welcomed',
    plant: () => ({ door: doors.dismisses }),
    by: [2],
    says: /after it was told to go/,
  },
  {
    name: 'the server speaks first',
    plant: () => ({ door: doors.speaksFirst }),
    by: [2],
    says: /without a hello/,
    alone: true,
  },
  { name: 'time goes back', plant: () => ({ gameLog: logs.timeless }), by: [2], says: /back in time/ },
];

const RULE_3: readonly PlantedBug[] = [
  { name: 'an unknown outcome is tried again', plant: () => ({ gameLog: logs.insistent }), by: [2, 3, 5] },
  { name: 'a refused batch is not rolled back', plant: () => ({ patch: withoutRollBack }), by: [1, 3] },
  {
    name: 'who sent what is forgotten when a room is loaded',
    plant: () => ({
      store: (store) =>
        override(store, {
          loadRoom: async (room) => {
            const loaded = await store.loadRoom(room);
            return loaded && { ...loaded, clients: [] };
          },
        }),
    }),
    by: [3],
  },
  { name: 'a jump of client seqs is taken', plant: () => ({ door: doors.takesJumps }), by: [3] },
  {
    name: 'a welcome tells too low a client seq',
    plant: () => ({ door: doors.tellsLess }),
    by: [3],
    says: /was told only/,
  },
  {
    name: 'a welcome tells another client’s number',
    plant: () => ({ door: doors.tellsOtherNumbers }),
    by: [3],
    says: /was told that client/,
  },
  { name: 'an outbox is taken over twice', plant: () => ({ outbox: greedy }), by: [3] },
  {
    name: 'an outbox is taken over under another id',
    plant: () => ({
      outbox: (store) =>
        override(store, {
          adopt: async (max) =>
            (await store.adopt(max)).map(({ client, sends }) => ({ client: turned(client), sends })),
        }),
    }),
    by: [3],
  },
  {
    name: 'an outbox is not kept over a reload',
    plant: () => ({ outbox: (store) => override(store, { save: (client) => store.save(client, []) }) }),
    by: [3],
  },
];

const RULE_4: readonly PlantedBug[] = [
  {
    name: 'a position is good whatever its epoch',
    plant: () => ({ door: doors.trustsEpochs }),
    by: [4],
    says: /was resumed at/,
  },
  {
    name: 'an epoch from before the room is taken for good',
    plant: () => ({ door: doors.trustsOldEpochs }),
    by: [4],
    says: /was resumed at/,
    alone: true,
  },
  {
    name: 'a needless reset',
    plant: () => ({ door: doors.trustsNoPosition }),
    by: [4],
    says: /was reset/,
    alone: true,
  },
  {
    name: 'an epoch is used again after a restored backup',
    plant: () => ({
      gameWorld: (world) => ({ ...world, clock: override(world.clock, { now: () => STARTS_AT }) }),
    }),
    by: [2, 4, 5],
  },
];

const RULE_5: readonly PlantedBug[] = [
  {
    name: 'an epoch is opened twice',
    plant: () => ({ journal: logs.opensAgain }),
    by: [5],
    says: /was opened after/,
  },
  {
    name: 'the log lets two epochs append',
    plant: () => ({ journal: logs.withoutFence }),
    by: [5],
    says: /wrote, open is/,
    alone: true,
  },
  {
    name: 'a stale owner writes',
    plant: () => ({ gameLog: logs.mistaking('fenced', 'committed') }),
    by: [1, 2],
  },
  { name: 'two processes have one journal', plant: () => ({ lockOpen: true }), by: [1, 4, 5] },
];

const RULE_10: readonly PlantedBug[] = [
  { name: 'the archiver trims before it commits', plant: () => ({ archiverLog: careless }), by: [1, 10] },
  { name: 'chunks move whatever the archive has', plant: () => ({ sql: withoutCompareAndSet }), by: [1, 10] },
  {
    name: 'a byte of a chunk is changed',
    plant: () => ({ archiverLog: garbled }),
    by: [10],
    says: /archived otherwise/,
  },
  {
    name: 'clients are left out of a chunk’s transaction',
    plant: () => ({ sql: leavingOut('room_clients') }),
    by: [10],
    says: /the archive has clients/,
  },
  {
    name: 'of clients only the first state is kept',
    plant: () => ({ sql: withoutUpdate }),
    by: [10],
    says: /the archive has clients/,
  },
  {
    name: 'epochs are left out of a chunk’s transaction',
    plant: () => ({ sql: leavingOut('room_epochs') }),
    by: [10],
    says: /the archive has epochs/,
  },
  {
    name: 'a finished room leaves no job',
    plant: () => ({ jobs: enqueued(0) }),
    by: [10],
    says: /the archive has jobs/,
    alone: true,
  },
  {
    name: 'a finished room leaves two jobs',
    plant: () => ({ jobs: enqueued(2) }),
    by: [10],
    says: /the archive has jobs/,
    alone: true,
  },
];

const LIVENESS: readonly PlantedBug[] = [
  { name: 'no page is told that it is live', plant: () => ({ door: doors.neverLives }), by: ['liveness'] },
];

export const PLANTED: readonly PlantedBug[] = [
  ...RULE_1,
  ...RULE_2,
  ...RULE_3,
  ...RULE_4,
  ...RULE_5,
  ...RULE_10,
  ...LIVENESS,
];

function never(): never {
  throw new Error('these rules never begin');
}
