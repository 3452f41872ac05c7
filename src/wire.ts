/**
 * The composition root: settings → ports → services. Together with the files of `wire/`, one for
 * each part, it is the only place that names adapters. A part is loaded when it is started, so
 * that a process which only serves rooms holds nothing else in memory.
 *
 * What is opened last is stopped first; if a part cannot be opened, those that were are stopped
 * again.
 */
import { join } from 'node:path';
import type { Settings } from './config.ts';
import type { Keyring } from './ports/keyring/keyring.ts';
import { type HealthChecks, runChecks, healthResponse } from './domain/health.ts';
import { realWorld } from './lib/world.real.ts';
import { EmbeddedControl } from './ports/control/control.embedded.ts';
import type { MainDb } from './ports/main-db/main-db.ts';
import type { RoomsState, Running, ServiceName, StopMode } from './running.ts';
import { assemble, type Assembly, listen } from './wire/assembly.ts';
import { openDatabase } from './wire/database.ts';
import { localPlacement } from './ports/placement/placement.local.ts';
import type { WebPlan } from './wire/web.ts';

export async function wire(
  settings: Settings,
  names: readonly ServiceName[],
  keys: Keyring,
  /** Told as long as the start takes long and gets on. */
  onProgress: () => void = () => {},
): Promise<Running> {
  const failed = Promise.withResolvers<Error>();
  const assembly = assemble(settings, keys, { fail: failed.resolve, onProgress: onProgress });
  // The port first: whoever starts a second Escapement by mistake hears of it before anything is touched.
  if (!settings.supervised) await listen(assembly);
  const stop = async (how: StopMode = 'graceful'): Promise<void> => {
    assembly.front.fetch = ({ url }) => healthResponse(url, { stop: 'The services are stopping.' });
    // One part that cannot stop must not keep the others from it.
    const failures: unknown[] = [];
    for (const end of assembly.stops.splice(0).toReversed()) {
      await end(how).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    const game = await startServices(assembly, names);
    // Thousands of pages knock where rooms were served until a moment ago: a port that is still closed costs
    // nothing, while each "not yet" takes from the start it asks for.
    if (settings.supervised) await listen(assembly);
    return {
      url: assembly.url,
      listen: assembly.listen,
      addresses: addresses(assembly, names, game),
      bootId: assembly.bootId,
      failed: failed.promise,
      state: () => stateOf(assembly),
      stop,
      abandon: () => assembly.abandons.forEach((end) => end()),
    };
  } catch (error) {
    await stop('immediate');
    throw error;
  }
}

/** Answers the address of the first free game, if the shop is among the services. */
async function startServices(assembly: Assembly, names: readonly ServiceName[]): Promise<string | null> {
  const { settings, front, ready } = assembly;
  const db = await openDatabase(assembly);
  const files = lazily(async () => {
    const { openDirectoryFiles } = await import('./ports/files/files.directory.ts');
    return openDirectoryFiles({ root: join(settings.dataDir, 'files'), ...realWorld });
  });
  if (names.includes('mailer')) {
    const { startMails } = await import('./wire/around-rooms.ts');
    await startMails(assembly, db);
  }
  if (names.includes('stats')) {
    const { startStatistics } = await import('./wire/around-rooms.ts');
    await startStatistics(assembly, db, await files());
  }
  const rooms = await serveRooms(assembly, db, names);
  if (names.includes('web')) {
    const { startWeb } = await import('./wire/web.ts');
    return startWeb(assembly, db, await files(), rooms);
  }
  front.fetch = (request, address) =>
    front.control(request, address) ?? healthResponse(request.url, runChecks(ready));
  return null;
}

/** In this process, or in processes beside it; answers how pages reach them. */
async function serveRooms(assembly: Assembly, db: MainDb, names: readonly ServiceName[]): Promise<WebPlan> {
  const { settings, bootId } = assembly;
  const control = new EmbeddedControl();
  const game = names.includes('game');
  if (game || names.includes('archiver')) {
    if (!settings.supervised) {
      const { recoverOrphanedJournals } = await import('./wire/orphaned-journals.ts');
      await recoverOrphanedJournals(assembly, db);
    }
    if (settings.gameProcesses > 0) {
      const { startProcesses } = await import('./wire/game-processes.ts');
      return startProcesses(assembly, db);
    }
    const { startRooms } = await import('./wire/game.ts');
    await startRooms(assembly, db, { game, control });
  }
  return { control, placement: localPlacement(settings.slot, bootId) };
}

function stateOf({ rooms, ready, health }: Assembly): RoomsState {
  const { rooms: open, sockets } = rooms?.counts() ?? { rooms: 0, sockets: 0 };
  return { rooms: open, sockets, unready: faultsOf(ready), fault: faultsOf(health) };
}

function faultsOf(looks: HealthChecks): string | null {
  const faults = Object.values(runChecks(looks)).filter((fault) => fault !== null);
  return faults.length === 0 ? null : faults.join(' ');
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

function addresses(
  { url, keys, settings }: Assembly,
  names: readonly ServiceName[],
  freeGame: string | null,
): Running['addresses'] {
  const web = names.includes('web');
  const keyed = (path: string): string | null => (web ? `${url}${path}?key=${keys.admin}` : null);
  return {
    shop: web ? `${url}/` : null,
    freeGame,
    admin: keyed('/admin'),
    outbox: settings.smtp === '' ? keyed('/admin/outbox') : null,
    status: keyed('/admin/status'),
  };
}
