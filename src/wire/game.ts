/** The room server of this process. */
import { isLoopback } from '../hosts/loopback.ts';
import { pause } from '../lib/pause.ts';
import { realWorld } from '../lib/world.real.ts';
import type { EmbeddedControl } from '../ports/control/control.embedded.ts';
import { controlEndpoint } from '../ports/control/control.http.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { readChunks } from '../ports/main-db/queries/archive.ts';
import { loadRoom, quarantineRoom } from '../ports/main-db/queries/rooms.ts';
import { seatsOfRoom } from '../ports/main-db/queries/seats.ts';
import type { RoomLog } from '../ports/room-log/room-log.ts';
import type { Archiver } from '../services/archiver/archiver.ts';
import { DRAIN_MS_MAX, drainOptions } from '../services/game/drain-options.ts';
import { createGame } from '../services/game/game.ts';
import { createQuarantine } from '../services/game/quarantine.ts';
import type { Assembly } from './assembly.ts';

export interface GamePartDeps {
  readonly db: MainDb;
  readonly roomLog: RoomLog;
  readonly archiver: Archiver;
  /** The rooms of this process are registered here, so that `web` can reach them. */
  readonly control: EmbeddedControl;
}

export function wireGame(assembly: Assembly, { db, roomLog, archiver, control }: GamePartDeps): void {
  const { settings, keys, log, stops, ready, front } = assembly;
  const { slot } = settings;
  const quarantine = createQuarantine({
    world: realWorld,
    log,
    write: (room, why) => db.write((tx) => quarantineRoom(tx, room, why)),
  });
  stops.push(async () => quarantine.stop());
  const game = createGame({
    world: realWorld,
    log: roomLog,
    store: {
      loadRoom: (room) => loadRoom(db, room),
      seats: (room) => seatsOfRoom(db.read, room),
      chunks: (room, afterSeq, limit) => readChunks(db.read, room, afterSeq, limit),
    },
    keys: keys.pass,
    slot,
    limits: { socketsPerAddressMax: settings.socketsPerAddress },
    onFinish: (room) => archiver.requestSweep(room),
    report: (what, error) => log.error('rooms', { what, error: String(error) }),
    onBroken(room, why) {
      log.error('room broken', { room, why });
      quarantine.add(room, why);
    },
  });
  const unregister = control.register(slot, game.control);
  ready['game'] = () => game.health();
  front.onUpgrade = game.onUpgrade;
  if (settings.supervised) {
    const endpoint = controlEndpoint({ world: realWorld, key: keys.control, slot, target: game.control });
    // The main process, which sends these requests, is on the same machine.
    front.control = (request, address) => (isLoopback(address) ? endpoint(request) : null);
  }
  assembly.rooms = game;
  stops.push(async (mode) => {
    unregister();
    if (mode === 'graceful') {
      const drained = game.drain(drainOptions(game.counts().sockets));
      await Promise.race([drained, pause(realWorld.timers, DRAIN_MS_MAX)]);
    }
    await game.stop();
  });
}
