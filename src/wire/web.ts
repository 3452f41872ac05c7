/** Starts the web service: publishes the games, then creates the service with its adapters. */
import { join } from 'node:path';
import { faultLine, publishAll } from '../publishing/publish.ts';
import { diskUsed } from '../lib/disk-space.real.ts';
import { runChecks } from '../domain/health.ts';
import { loadTexts } from '../lib/texts.real.ts';
import { realWorld } from '../lib/world.real.ts';
import type { Control } from '../ports/control/control.ts';
import type { Files } from '../ports/files/files.ts';
import { SqlJobs } from '../ports/jobs/jobs.sql.ts';
import { directoryOutbox } from '../ports/mail/mail.outbox.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { currentReleases } from '../ports/main-db/queries/releases.ts';
import { createTestProvider } from '../ports/payments/payments.test-provider.ts';
import { processSandbox } from '../ports/sandbox/sandbox.process.ts';
import { buildPlatformAssets } from '../services/web/assets.ts';
import type { RoomPlacement } from '../ports/placement/placement.ts';
import { createWeb } from '../services/web/web.ts';
import type { Assembly } from './assembly.ts';
import { outboxDir } from './outbox.ts';
import { LOCALES, studioOf } from './studio.ts';

/** Share of the disk in use from which no new free rooms are created; paid ones still are. */
const DISK_USED_MAX = 0.85;
const WEBHOOK_MS_MAX = 10_000;

export interface RoomPorts {
  readonly control: Control;
  readonly placement: RoomPlacement;
}

/** Returns the address of the first free game; null if there is none. */
export async function startWeb(
  assembly: Assembly,
  db: MainDb,
  files: Files,
  { control, placement }: RoomPorts,
): Promise<string | null> {
  const { settings, keys, log, url, listen: listening, stops, front, ready, health } = assembly;
  const publishDeps = { files, db, world: realWorld, sandbox: processSandbox(realWorld.timers) };
  for (const outcome of await publishAll(settings.gamesDir, publishDeps)) {
    if (outcome.ok) continue;
    const folder = join(settings.gamesDir, outcome.game);
    for (const fault of outcome.faults) log.error('game not published', { fault: faultLine(folder, fault) });
  }
  const testProvider = createTestProvider({
    files,
    world: realWorld,
    key: keys.testProvider,
    url,
    deliver: (body, headers) =>
      postWebhook(`${listening}/webhooks/${testProvider.payments.name}`, body, headers),
  });
  const web = createWeb({
    world: realWorld,
    db,
    jobs: new SqlJobs(db, realWorld),
    files,
    payments: testProvider.payments,
    control,
    texts: loadTexts(LOCALES),
    studio: studioOf(settings),
    keys,
    log,
    url,
    placement,
    freeRoomsPerHour: settings.freeRoomsPerHour,
    spaceForFreeRooms: async () => (await diskUsed(settings.dataDir)) < DISK_USED_MAX,
    outbox: settings.smtp === '' ? directoryOutbox(outboxDir(settings)) : null,
    assets: await buildPlatformAssets(),
    testCheckout: testProvider.checkout,
    ready: () => runChecks(ready),
    health: () => runChecks({ ...ready, ...health }),
  });
  front.fetch = (request, address) => web.fetch(request, address);
  stops.push(async () => {
    await testProvider.checkout.stop();
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
  const response = await fetch(address, { method: 'POST', body, headers, signal }).catch(() => null);
  return response?.ok ?? false;
}

async function freeGameAddress(db: MainDb, url: string): Promise<string | null> {
  const game = (await currentReleases(db.read)).find(({ manifest }) => manifest.free)?.game;
  return game === undefined ? null : `${url}/games/${game}`;
}
