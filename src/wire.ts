/**
 * The only file that names adapters: settings → ports → services. What is opened last is stopped
 * first; if a part cannot be opened, those that were are stopped again.
 */
import { join } from 'node:path';
import { FRAME_BYTES_HARD } from '../sdk/protocol/limits.ts';
import { VERSION } from './version.ts';
import type { Settings } from './config.ts';
import type { ReleaseManifest } from './domain/release.ts';
import type { Studio } from './domain/studio.ts';
import { faultLine, publishAll } from './commands/publish.ts';
import { OperatorError } from './errors.ts';
import { diskUsed } from './lib/disk-space.real.ts';
import { newId } from './lib/id.ts';
import type { Keyring } from './lib/keyring.ts';
import { lanAddress } from './lib/lan.real.ts';
import { lockFile } from './lib/lock.real.ts';
import type { Log } from './lib/log.ts';
import { standardErrorLog } from './lib/log.real.ts';
import { type Looks, lookAt, statusAnswer } from './lib/status.ts';
import { loadTexts } from './lib/texts.real.ts';
import { realWorld } from './lib/world.real.ts';
import { EmbeddedControl } from './ports/control/control.embedded.ts';
import { openDirectoryFiles } from './ports/files/files.directory.ts';
import type { Files } from './ports/files/files.ts';
import { bunFrontend } from './ports/frontend/frontend.bun.ts';
import type { Frontend, SocketAnswer, SocketOffer } from './ports/frontend/frontend.ts';
import { SqlJobs } from './ports/jobs/jobs.sql.ts';
import { directoryOutbox, outboxSender } from './ports/mail/mail.outbox.ts';
import { smtpSender } from './ports/mail/mail.smtp.ts';
import type { MainDb } from './ports/main-db/main-db.ts';
import { openPostgres } from './ports/main-db/main-db.postgres.ts';
import { openSqlite } from './ports/main-db/main-db.sqlite.ts';
import { archivedBytes, readChunks } from './ports/main-db/queries/archive.ts';
import { bootHost, hostBySlot } from './ports/main-db/queries/hosts.ts';
import { currentReleases } from './ports/main-db/queries/releases.ts';
import { loadRoom, quarantineRoom } from './ports/main-db/queries/rooms.ts';
import { seatsOfRoom } from './ports/main-db/queries/seats.ts';
import { createTill } from './ports/payments/payments.till.ts';
import { createRealDisk } from './ports/room-log/disk.real.ts';
import { openJournal } from './ports/room-log/journal.ts';
import { processSandbox } from './ports/sandbox/sandbox.process.ts';
import { loadStudio } from './ports/studio/studio.real.ts';
import type { Running, ServiceName } from './running.ts';
import { startArchiver } from './services/archiver/archiver.ts';
import { createGame, type Game } from './services/game/game.ts';
import { startMailer } from './services/mailer/mailer.ts';
import { startStats } from './services/stats/stats.ts';
import { buildPlatformAssets } from './services/web/assets.ts';
import { createWeb } from './services/web/web.tsx';

const REGION = 'local';
/** Rule 6: on a fuller disk no new free rooms. */
const DISK_USED_MAX = 0.85;
/** What the archive has not taken by then waits for the next start. */
const FLUSH_MS_MAX = 8_000;
/** How long open requests and sockets get when the port closes. */
const FRONTEND_GRACE_MS = 2_000;
const WEBHOOK_MS_MAX = 10_000;
/** The locales folder lies beside the program, wherever it is started. */
const LOCALES = join(import.meta.dir, '../locales');

/** What is being put together. */
interface Assembly {
  readonly settings: Settings;
  readonly keys: Keyring;
  readonly log: Log;
  /** What every link is built from. */
  readonly url: string;
  readonly listen: string;
  readonly bootId: string;
  readonly control: EmbeddedControl;
  readonly front: Front;
  /** Ends the process: an engine failed and nobody knows what it holds. */
  readonly fail: (error: Error) => void;
  /** Calls that stop what was started, in the order of starting. */
  readonly stops: (() => Promise<void>)[];
  /** What keeps visitors away, and what only the operator has to know. */
  readonly ready: Looks;
  readonly health: Looks;
}

/** What the port answers with; services put themselves in as they come up. */
interface Front {
  fetch: (request: Request, address: string) => Response | Promise<Response>;
  sockets: (offer: SocketOffer) => SocketAnswer;
}

export async function wire(
  settings: Settings,
  names: readonly ServiceName[],
  keys: Keyring,
): Promise<Running> {
  const failed = Promise.withResolvers<Error>();
  const assembly = listen(settings, keys, failed.resolve);
  const stop = async (): Promise<void> => {
    assembly.front.fetch = ({ url }) => statusAnswer(url, { stop: 'The services are stopping.' });
    // One part that cannot stop must not keep the others from it.
    const failures: unknown[] = [];
    for (const end of assembly.stops.splice(0).toReversed()) {
      await end().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    const game = await startServices(assembly, names);
    return {
      url: assembly.url,
      listen: assembly.listen,
      addresses: addresses(assembly, names, game),
      failed: failed.promise,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The port first: whoever starts a second Escapement by mistake hears of it before anything is touched. */
function listen(settings: Settings, keys: Keyring, fail: (error: Error) => void): Assembly {
  const log = standardErrorLog(realWorld.clock);
  const front: Front = {
    fetch: ({ url }) => statusAnswer(url, { start: 'The services are starting.' }),
    sockets: () => ({ accept: false, status: 503, retryAfter: 2 }),
  };
  const frontend: Frontend = bunFrontend(
    {
      hostname: settings.lan ? '0.0.0.0' : '127.0.0.1',
      port: settings.port,
      fetch: (request, address) => front.fetch(request, address),
      sockets: (offer) => front.sockets(offer),
      frameBytesMax: FRAME_BYTES_HARD,
      failed: (error) => log.error('request', { error: String(error) }),
    },
    realWorld.timers,
  );
  const listening = `http://${(settings.lan ? lanAddress() : null) ?? '127.0.0.1'}:${frontend.port}`;
  return {
    settings,
    keys,
    log,
    url: (settings.url || listening).replace(/\/+$/, ''),
    listen: listening,
    bootId: newId(realWorld.random),
    control: new EmbeddedControl(),
    front,
    fail,
    stops: [() => frontend.stop(FRONTEND_GRACE_MS)],
    ready: {},
    health: {},
  };
}

/** Answers the address of the first free game, if the shop is among the services. */
async function startServices(assembly: Assembly, names: readonly ServiceName[]): Promise<string | null> {
  const { settings, front, ready } = assembly;
  const db = await openDatabase(assembly);
  const files = await openDirectoryFiles({ root: join(settings.dataDir, 'files'), ...realWorld });
  if (names.includes('game') || names.includes('archiver')) await startRooms(assembly, db, names);
  if (names.some((name) => name === 'mailer' || name === 'stats' || name === 'web')) {
    await startAroundRooms(assembly, db, files, names);
  }
  if (names.includes('web')) return startWeb(assembly, db, files);
  front.fetch = ({ url }) => statusAnswer(url, lookAt(ready));
  return null;
}

function openDatabase({ settings, log, fail, stops }: Assembly): Promise<MainDb> {
  const opening =
    settings.database === ''
      ? openSqlite({ path: join(settings.dataDir, 'main.sqlite'), onLost: fail })
      : openPostgres({
          url: settings.database,
          ...realWorld,
          onConnectionLost: (error) => log.error('database connection', { error: error.message }),
        });
  return opening.then((db) => {
    stops.push(() => db.close());
    return db;
  });
}

/** The journal, the archiver beside it, and the rooms. */
async function startRooms(assembly: Assembly, db: MainDb, names: readonly ServiceName[]): Promise<void> {
  const { settings, keys, log, fail, stops, health, ready, front, control } = assembly;
  const opened = await openJournal({
    disk: createRealDisk(),
    directory: join(settings.dataDir, 'journal', settings.slot),
    world: realWorld,
    lock: lockFile,
    fatal: fail,
  });
  if (!opened.ok) throw new OperatorError('journal-unusable', { message: opened.message });
  const { journal } = opened;
  stops.push(() => journal.close());
  const jobs = new SqlJobs(db, realWorld);
  const archiver = startArchiver({ world: realWorld, db, jobs, roomLog: journal, log });
  health['archiver'] = () => archiver.health();
  stops.push(async () => {
    // Rooms at rest go into the archive now rather than at the next start.
    await Promise.race([archiver.flush(), pause(FLUSH_MS_MAX)]);
    await archiver.stop();
  });
  if (!names.includes('game')) return;
  await takeSlot(assembly, db);
  const game: Game = createGame({
    world: realWorld,
    log: journal,
    store: {
      loadRoom: (room) => loadRoom(db.read, room),
      seats: (room) => seatsOfRoom(db.read, room),
      chunks: (room, afterSeq, limit) => readChunks(db.read, room, afterSeq, limit),
      archivedBytes: (room) => archivedBytes(db.read, room),
    },
    keys: keys.pass,
    slot: settings.slot,
    limits: { socketsPerAddressMax: settings.socketsPerAddress },
    onFinish: (room) => archiver.sweepSoon(room),
    report: (what, error) => log.error('rooms', { what, error: String(error) }),
    onBroken(room, why) {
      log.error('room broken', { room, why });
      db.write((tx) => quarantineRoom(tx, room, why)).catch(fail);
    },
  });
  const unregister = control.register(settings.slot, game.control);
  ready['game'] = () => game.health();
  front.sockets = game.sockets;
  stops.push(async () => {
    unregister();
    await game.stop();
  });
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

/** The services that speak in the studio's name: mailer and stats. */
async function startAroundRooms(
  assembly: Assembly,
  db: MainDb,
  files: Files,
  names: readonly ServiceName[],
): Promise<void> {
  const { settings, keys, log, url, stops } = assembly;
  const texts = loadTexts(LOCALES);
  const studio = studioOf(settings);
  const jobs = new SqlJobs(db, realWorld);
  if (names.includes('mailer')) {
    const sender =
      settings.smtp === '' ? outboxSender(outboxDir(settings), realWorld.clock) : smtpSender(settings.smtp);
    const mailer = startMailer({ world: realWorld, db, jobs, sender, keys, texts, studio, url, log });
    stops.push(async () => {
      await mailer.stop();
      await sender.close();
    });
  }
  if (names.includes('stats')) {
    const stats = startStats({
      world: realWorld,
      db,
      jobs,
      files,
      sandbox: processSandbox(realWorld.timers),
      texts,
      studio,
      log,
    });
    stops.push(() => stats.stop());
  }
}

async function startWeb(assembly: Assembly, db: MainDb, files: Files): Promise<string | null> {
  const {
    settings,
    keys,
    log,
    url,
    listen: listening,
    stops,
    front,
    control,
    bootId,
    ready,
    health,
  } = assembly;
  for (const outcome of await publishAll(settings.gamesDir, { files, db, world: realWorld })) {
    if (outcome.ok) continue;
    const folder = join(settings.gamesDir, outcome.game);
    for (const fault of outcome.faults) log.error('game not published', { fault: faultLine(folder, fault) });
  }
  const till = createTill({
    files,
    world: realWorld,
    key: keys.till,
    url,
    deliver: (body, headers) => postWebhook(`${listening}/webhooks/till`, body, headers),
  });
  const web = createWeb({
    world: realWorld,
    db,
    jobs: new SqlJobs(db, realWorld),
    files,
    payments: till.payments,
    control,
    texts: loadTexts(LOCALES),
    studio: studioOf(settings),
    keys,
    log,
    url,
    placeRoom: () => ({ slot: settings.slot, bootId }),
    freeRoomsPerHour: settings.freeRoomsPerHour,
    spaceForFreeRooms: async () => (await diskUsed(settings.dataDir)) < DISK_USED_MAX,
    outbox: settings.smtp === '' ? directoryOutbox(outboxDir(settings)) : null,
    assets: await buildPlatformAssets(),
    till: till.desk,
    ready: () => lookAt(ready),
    health: () => lookAt({ ...ready, ...health }),
  });
  front.fetch = (request, address) => web.fetch(request, address);
  stops.push(async () => {
    await till.desk.stop();
    await web.stop();
  });
  return freeGameAddress(db, url);
}

async function postWebhook(
  address: string,
  body: string,
  headers: { readonly [name: string]: string },
): Promise<boolean> {
  const signal = AbortSignal.timeout(WEBHOOK_MS_MAX);
  const answer = await fetch(address, { method: 'POST', body, headers, signal }).catch(() => null);
  return answer?.ok ?? false;
}

async function freeGameAddress(db: MainDb, url: string): Promise<string | null> {
  for (const release of await currentReleases(db.read)) {
    const manifest = JSON.parse(release.manifest) as ReleaseManifest;
    if (manifest.free) return `${url}/games/${release.game}`;
  }
  return null;
}

function studioOf({ studioDir }: Settings): Studio {
  const loaded = loadStudio(studioDir, loadTexts(LOCALES).locales);
  if (!loaded.ok) throw new OperatorError('studio-invalid', { faults: loaded.faults.join('; ') });
  return loaded.studio;
}

function outboxDir({ dataDir }: Settings): string {
  return join(dataDir, 'outbox');
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => realWorld.timers.after(ms, resolve));
}
