/** The pages: games published, till and outbox behind them, everything the web service asks for. */
import { join } from 'node:path';
import { faultLine, publishAll } from '../publishing/publish.ts';
import type { ReleaseManifest } from '../domain/release.ts';
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
import { buildPlatformAssets } from '../services/web/assets.ts';
import type { RoomPlacement } from '../ports/placement/placement.ts';
import { createWeb } from '../services/web/web.ts';
import { LOCALES, outboxDir, studioOf } from './around-rooms.ts';
import type { Assembly } from './assembly.ts';

/** Rule 6: on a fuller disk no new free rooms. */
const DISK_USED_MAX = 0.85;
const WEBHOOK_MS_MAX = 10_000;

export interface WebPlan {
  readonly control: Control;
  readonly placement: RoomPlacement;
}

/** Answers the address of the first free game; null when there is none. */
export async function startWeb(
  assembly: Assembly,
  db: MainDb,
  files: Files,
  { control, placement }: WebPlan,
): Promise<string | null> {
  const { settings, keys, log, url, listen: listening, stops, front, ready, health } = assembly;
  for (const outcome of await publishAll(settings.gamesDir, { files, db, world: realWorld })) {
    if (outcome.ok) continue;
    const folder = join(settings.gamesDir, outcome.game);
    for (const fault of outcome.faults) log.error('game not published', { fault: faultLine(folder, fault) });
  }
  const till = createTestProvider({
    files,
    world: realWorld,
    key: keys.testProvider,
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
    placement,
    freeRoomsPerHour: settings.freeRoomsPerHour,
    spaceForFreeRooms: async () => (await diskUsed(settings.dataDir)) < DISK_USED_MAX,
    outbox: settings.smtp === '' ? directoryOutbox(outboxDir(settings)) : null,
    assets: await buildPlatformAssets(),
    testCheckout: till.desk,
    ready: () => runChecks(ready),
    health: () => runChecks({ ...ready, ...health }),
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
