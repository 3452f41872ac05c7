/**
 * The simulation is worth something only if it sees what is wrong. Each control plants one mistake
 * that real systems made, through an adapter, and the oracle must name the rule that it breaks.
 */
import { expect, test } from 'bun:test';
import type { RoomLog } from '../../src/ports/room-log/room-log.ts';
import { Violation } from './oracle.ts';
import { type Plant, runSeed } from './run.ts';
import { bound } from './server.ts';

const SEEDS_MAX = 40;
const LIMIT_MS = 60_000;

/** The first violation that a planted mistake leads to. */
async function caught(plant: Plant): Promise<string> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    try {
      await runSeed(seed, plant);
    } catch (error) {
      if (error instanceof Violation) return error.message;
      throw error;
    }
  }
  return `not caught in ${SEEDS_MAX} seeds`;
}

const control = (name: string, plant: Plant, rule: RegExp) =>
  test(`caught: ${name}`, async () => expect(await caught(plant)).toMatch(rule), LIMIT_MS);

control('the disk says durable and is not', { diskLies: true }, /^rule 1: /);

/** Says committed first, and commits later. */
function hasty(log: RoomLog): RoomLog {
  let before: Promise<unknown> = Promise.resolve();
  const after = <T>(work: () => Promise<T>): Promise<T> => before.then(work);
  return {
    ...bound(log),
    append: (entries) => {
      before = after(() => log.append(entries));
      return Promise.resolve('committed');
    },
    // Everything else sees the log as if it had been written.
    open: (room, epoch, archived) => after(() => log.open(room, epoch, archived)),
    read: (room, afterSeq, maxBytes) => after(() => log.read(room, afterSeq, maxBytes)),
    release: (room, epoch) => after(() => log.release(room, epoch)),
  };
}
control('an echo before the commit', { adapters: { gameLog: hasty } }, /^rule (1|2|10): /);

control(
  'who sent what is forgotten when a room is loaded',
  {
    adapters: {
      store: (store) => ({
        ...store,
        async loadRoom(room) {
          const loaded = await store.loadRoom(room);
          return loaded && { ...loaded, clients: [] };
        },
      }),
    },
  },
  /^rule 3: /,
);

/** Lets the log drop entries before the archive has them. */
function careless(log: RoomLog): RoomLog {
  return {
    ...bound(log),
    async read(room, afterSeq, maxBytes) {
      const runs = await log.read(room, afterSeq, maxBytes);
      const last = runs.at(-1)?.last;
      if (last !== undefined) await log.trim(room, last);
      return runs;
    },
  };
}
// Entries that are in neither store show as a gap between the two, or as a position that no longer holds.
control('the archiver trims before it commits', { adapters: { archiverLog: careless } }, /^rule (4|10): /);

control('frames are left out for a slow page', { networkForgets: true }, /^rule 2: /);

const turned = (id: string): string => id.slice(16) + id.slice(0, 16);

/** The next page sends what it took over under an id of its own. */
control(
  'an outbox is taken over under another id',
  {
    wrapStore: (store) => ({
      ...store,
      async adopt(max) {
        const adopted = await store.adopt(max);
        return adopted.map(({ client, sends }) => ({ client: turned(client), sends }));
      },
    }),
  },
  /^rule 3: /,
);
