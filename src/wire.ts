/**
 * The composition root: settings → ports → services. With the files of `wire/`, one for each part, it is the only
 * place that names adapters. A part is loaded when it is started, so a process that only serves rooms loads
 * nothing else.
 *
 * Parts stop in the reverse order of their start. If one fails to start, those that were started are stopped.
 */
import type { Settings } from './config.ts';
import { type HealthChecks, healthResponse, runChecks } from './domain/health.ts';
import { claimSlot } from './hosts/host-directory.ts';
import { stopAll } from './hosts/stop-all.ts';
import { EmbeddedControl } from './ports/control/control.embedded.ts';
import type { Files } from './ports/files/files.ts';
import type { Keyring } from './ports/keyring/keyring.ts';
import type { MainDb } from './ports/main-db/main-db.ts';
import { localPlacement } from './ports/placement/placement.local.ts';
import type { RoomsState, Running, ServiceName, StopMode } from './running.ts';
import { VERSION } from './version.ts';
import { assemble, type Assembly } from './wire/assembly.ts';
import { openDatabase } from './wire/database.ts';
import { openFiles } from './wire/files.ts';
import { openFrontend } from './wire/frontend.ts';
import type { RoomPorts } from './wire/web.ts';

/** `onProgress` is called at intervals while a slow start is making progress. */
export async function wire(
  settings: Settings,
  services: readonly ServiceName[],
  keys: Keyring,
  onProgress: () => void = () => {},
): Promise<Running> {
  const failed = Promise.withResolvers<Error>();
  const assembly = assemble(settings, keys, { fail: failed.resolve, onProgress });
  const stop = (mode: StopMode = 'graceful'): Promise<void> => {
    assembly.front.fetch = ({ url }) => healthResponse(url, { stop: 'The services are stopping.' });
    return stopAll(assembly.stops, mode);
  };
  try {
    // The port first: a second Escapement on the same port must fail before it touches anything.
    if (!settings.supervised) await openFrontend(assembly);
    const freeGame = await startServices(assembly, services);
    // After a crash thousands of clients reconnect at once. A game process opens its port only when rooms can be
    // served: rejecting the clients one by one would slow the start down.
    if (settings.supervised) await openFrontend(assembly);
    return {
      url: assembly.url,
      listen: assembly.listen,
      addresses: addresses(assembly, services, freeGame),
      bootId: assembly.bootId,
      failed: failed.promise,
      roomsState: () => roomsState(assembly),
      stop,
      killProcesses: () => assembly.kills.forEach((kill) => kill()),
    };
  } catch (error) {
    await stop('immediate');
    throw error;
  }
}

/** Returns the address of the first free game if the shop is among the services and there is one. */
async function startServices(assembly: Assembly, names: readonly ServiceName[]): Promise<string | null> {
  const db = await openDatabase(assembly);
  let opened: Promise<Files> | null = null;
  const files = () => (opened ??= openFiles(assembly));

  if (names.includes('mailer')) {
    const { wireMailer } = await import('./wire/mailer.ts');
    await wireMailer(assembly, db);
  }
  if (names.includes('stats')) {
    const { wireStats } = await import('./wire/stats.ts');
    wireStats(assembly, db, await files());
  }
  const rooms = await startRooms(assembly, db, names);
  if (names.includes('web')) {
    const { startWeb } = await import('./wire/web.ts');
    return startWeb(assembly, db, await files(), rooms);
  }
  const { front, ready } = assembly;
  front.fetch = (request, address) =>
    front.control(request, address) ?? healthResponse(request.url, runChecks(ready));
  return null;
}

/** Archiver and game, in this process or in game processes. Returns how `web` reaches the rooms. */
async function startRooms(assembly: Assembly, db: MainDb, names: readonly ServiceName[]): Promise<RoomPorts> {
  const { settings, bootId } = assembly;
  const { slot } = settings;
  const control = new EmbeddedControl();
  const rooms = { control, placement: localPlacement(slot, bootId) };
  const withGame = names.includes('game');
  if (!withGame && !names.includes('archiver')) return rooms;

  if (!settings.supervised) {
    const { recoverOrphanedJournals } = await import('./wire/orphaned-journals.ts');
    await recoverOrphanedJournals(assembly, db);
  }
  if (settings.gameProcesses > 0) {
    const { startGameProcesses } = await import('./wire/game-processes.ts');
    return startGameProcesses(assembly, db);
  }
  const { openRoomLog } = await import('./wire/room-log.ts');
  const roomLog = await openRoomLog(assembly);
  // Before the archiver starts: players wait for this write.
  if (withGame) await claimSlot(db, { slot, bootId, version: VERSION });
  const { wireArchiver } = await import('./wire/archiver.ts');
  const archiver = wireArchiver(assembly, db, roomLog);
  if (withGame) {
    const { wireGame } = await import('./wire/game.ts');
    wireGame(assembly, { db, roomLog, archiver, control });
  }
  return rooms;
}

function roomsState({ rooms, ready, health }: Assembly): RoomsState {
  const { rooms: open, sockets } = rooms?.counts() ?? { rooms: 0, sockets: 0 };
  return { rooms: open, sockets, unready: faultsOf(ready), fault: faultsOf(health) };
}

function faultsOf(checks: HealthChecks): string | null {
  const faults = Object.values(runChecks(checks)).filter((fault) => fault !== null);
  return faults.length === 0 ? null : faults.join(' ');
}

function addresses(
  { url, keys, settings }: Assembly,
  names: readonly ServiceName[],
  freeGame: string | null,
): Running['addresses'] {
  const web = names.includes('web');
  const withKey = (path: string): string | null => (web ? `${url}${path}?key=${keys.admin}` : null);
  return {
    shop: web ? `${url}/` : null,
    freeGame,
    admin: withKey('/admin'),
    outbox: settings.smtp === '' ? withKey('/admin/outbox') : null,
    status: withKey('/admin/status'),
  };
}
