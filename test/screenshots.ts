/**
 * `npm run screenshots`: takes a picture of every page and scene, on a phone and on a desktop, into
 * `test/screenshots/out/`. With `--readme` one of them becomes the picture of the README.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { follow, launch, visitor } from './e2e/support/browser.ts';
import { startServer, temporaryFolder } from './e2e/support/server.ts';
import { buy, enter, linkFromMail, step } from './e2e/support/player-steps.ts';

const OUT = 'test/screenshots/out';
const SIZES = { phone: [390, 844], desktop: [1440, 900] } as const;
type Size = keyof typeof SIZES;
/** Time for animations of pages and scenes to end. */
const SETTLE_MS = 900;

const folder = await temporaryFolder('screenshots');
const server = await startServer({ port: 0, url: '', dataDir: folder.path });
const browser = await launch('chromium');
await mkdir(OUT, { recursive: true });
try {
  for (const size of Object.keys(SIZES) as Size[]) await visitPages(browser, size);
  if (process.argv.includes('--readme')) {
    await mkdir('docs/images', { recursive: true });
    await copyFile(join(OUT, 'desktop-play-1.png'), 'docs/images/game.png');
  }
} finally {
  await browser.close();
  await server.stop();
  await folder.remove();
}

async function visitPages(chromium: Browser, size: Size): Promise<void> {
  const [width, height] = SIZES[size];
  const { page } = await visitor(chromium, width, height);
  const email = `${size}@players.example`;
  const { shop, admin, outbox, status } = server.addresses;
  const pages = {
    shop,
    game: `${shop}games/dormouse-hour`,
    checkout: `${shop}games/dormouse-hour/buy`,
    resend: `${shop}resend`,
    imprint: `${shop}legal/imprint`,
    unknown: `${shop}join/${'x'.repeat(32)}`,
    admin,
    status,
  };
  for (const [name, address] of Object.entries(pages)) {
    await page.goto(address);
    await shoot(page, size, name, true);
  }
  await buy(page, shop, email);
  await shoot(page, size, 'order', true);
  const order = page.url();
  const link = await linkFromMail(page, outbox, email);
  await shoot(page, size, 'mail', true);
  await page.goto(order);
  await page.goto(link);
  await shoot(page, size, 'lobby', true);
  await enter(page, link, 'Ada');
  const teammate = await visitor(chromium);
  await enter(teammate.page, link, 'Ben');
  await shoot(page, size, 'play-0-intro');
  await playThrough(page, teammate.page, size);
  await teammate.context.close();
}

/** Plays the game with a picture after every eighth move, then takes the end page. */
async function playThrough(page: Page, teammate: Page, size: Size): Promise<void> {
  await page.$$eval('button', (buttons) => buttons.find((one) => one.textContent === 'Skip')?.click());
  await shoot(page, size, 'play-1');
  let moves = 0;
  for (let idle = 0; idle < 4;) {
    const moved = [await step(page), await step(teammate)];
    idle = moved.includes(true) ? 0 : idle + 1;
    moves += moved.filter(Boolean).length;
    if (moves % 8 === 0) await shoot(page, size, `play-${1 + moves / 8}`);
  }
  await shoot(page, size, 'play-ending');
  await page.waitForSelector('a[href^="/e/"]', { visible: true });
  await shoot(page, size, 'play-finale');
  await follow(page, 'a[href^="/e/"]');
  await shoot(page, size, 'end', true);
}

async function shoot(page: Page, size: Size, name: string, fullPage = false): Promise<void> {
  await Bun.sleep(SETTLE_MS);
  await page.screenshot({ path: join(OUT, `${size}-${name}.png`), fullPage });
}
