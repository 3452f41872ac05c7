/** What serves rooms: the journal of this process's slot, the archiver beside it, and the rooms. */
import { join } from 'node:path';
import { VERSION } from '../version.ts';
import { OperatorError } from '../errors.ts';
import { realWorld } from '../lib/world.real.ts';
import type { EmbeddedControl } from '../ports/control/control.embedded.ts';
import { controlEndpoint } from '../ports/control/control.http.ts';
import { SqlJobs } from '../ports/jobs/jobs.sql.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { readChunks } from '../ports/main-db/queries/archive.ts';
import { bootHost, hostBySlot } from '../ports/main-db/queries/hosts.ts';
import { loadRoom, quarantineRoom } from '../ports/main-db/queries/rooms.ts';
import { seatsOfRoom } from '../ports/main-db/queries/seats.ts';
import { startArchiver } from '../services/archiver/archiver.ts';
import { createGame, type DrainOptions, type Game } from '../services/game/game.ts';
import type { Assembly } from './assembly.ts';
import { journalsIn, openSlotJournal } from './slot-journal.ts';
import { createQuarantine } from '../services/game/quarantine.ts';

const REGION = 'local';
/** What the archive has not taken by then waits for the next start. */
const FLUSH_MS_MAX = 8_000;

/** All sockets are closed over this time, a batch at a time; few of them at once. */
const DRAIN_MS = 3_000;
const DRAIN_EVERY_MS = 100;
const DRAIN_BATCH_MIN = 100;
/** When the log does not let rooms settle, they are closed as they are. */
const DRAIN_MS_MAX = 5_000;
/** Pages come back over one millisecond for each socket, at least and at most so long. */
const COME_BACK_MS_MIN = 1_000;
const COME_BACK_MS_MAX = 20_000;

/** The main process of a game process is on the same machine. */
const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

export interface RoomsPlan {
  /** False = only the archiver. */
  readonly game: boolean;
  /** Where the rooms can be told something. */
  readonly control: EmbeddedControl;
}

export async function startRooms(
  assembly: Assembly,
  db: MainDb,
  { game: withGame, control }: RoomsPlan,
): Promise<void> {
  const { settings, keys, log, fail, stops, health, ready, front } = assembly;
  const directory = join(journalsIn(settings.dataDir), settings.slot);
  const opened = await openSlotJournal(directory, { fatal: fail, read: assembly.onProgress });
  if (!opened.ok) throw new OperatorError('journal-unusable', { message: opened.message });
  const { journal } = opened;
  stops.push(() => journal.close());
  // Before anything is archived: players wait for this one write.
  if (withGame) await takeSlot(assembly, db);
  const jobs = new SqlJobs(db, realWorld);
  const archiver = startArchiver({ world: realWorld, db, jobs, roomLog: journal, log });
  health['archiver'] = () => archiver.health();
  stops.push(async (how) => {
    // Rooms at rest go into the archive now rather than at the next start.
    if (how === 'graceful') await Promise.race([archiver.flush(), pause(FLUSH_MS_MAX)]);
    await archiver.stop();
  });
  if (!withGame) return;
  const quarantine = createQuarantine({
    world: realWorld,
    log,
    write: (room, why) => db.write((tx) => quarantineRoom(tx, room, why)),
  });
  stops.push(async () => quarantine.stop());
  const game: Game = createGame({
    world: realWorld,
    log: journal,
    store: {
      loadRoom: (room) => loadRoom(db, room),
      seats: (room) => seatsOfRoom(db.read, room),
      chunks: (room, afterSeq, limit) => readChunks(db.read, room, afterSeq, limit),
    },
    keys: keys.pass,
    slot: settings.slot,
    limits: { socketsPerAddressMax: settings.socketsPerAddress },
    onFinish: (room) => archiver.sweepSoon(room),
    report: (what, error) => log.error('rooms', { what, error: String(error) }),
    onBroken(room, why) {
      log.error('room broken', { room, why });
      quarantine.add(room, why);
    },
  });
  const unregister = control.register(settings.slot, game.control);
  ready['game'] = () => game.health();
  front.sockets = game.sockets;
  if (settings.supervised) {
    const { slot } = settings;
    const endpoint = controlEndpoint({ world: realWorld, key: keys.control, slot, target: game.control });
    front.control = (request, address) => (LOOPBACK.test(address) ? endpoint(request) : null);
  }
  assembly.rooms = game;
  stops.push(async (how) => {
    unregister();
    if (how === 'graceful') {
      await Promise.race([game.drain(drainPlan(game.counts().sockets)), pause(DRAIN_MS_MAX)]);
    }
    await game.stop();
  });
}

/** Pages are told to come back, and let go evenly, so that they do not all come at once. */
function drainPlan(sockets: number): DrainOptions {
  const batches = DRAIN_MS / DRAIN_EVERY_MS;
  return {
    windowMs: Math.min(COME_BACK_MS_MAX, Math.max(COME_BACK_MS_MIN, sockets)),
    everyMs: DRAIN_EVERY_MS,
    batch: Math.max(DRAIN_BATCH_MIN, Math.ceil(sockets / batches)),
  };
}

/** Writes into the directory that this boot serves the slot. */
async function takeSlot({ settings, bootId }: Assembly, db: MainDb): Promise<void> {
  const taken = await db.write(async (tx) => {
    const present = await hostBySlot(tx, settings.slot);
    const host = {
      slot: settings.slot,
      boot_id: bootId,
      version: VERSION,
      region: REGION,
      state: 'ready' as const,
      load: 0,
      // One process alone holds the data folder's lock: that is its lease.
      lease_until: Number.MAX_SAFE_INTEGER,
    };
    return bootHost(tx, host, present?.boot_id ?? null);
  });
  if (!taken) throw new Error(`another process took slot ${settings.slot} at the same moment`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => realWorld.timers.after(ms, resolve));
}
