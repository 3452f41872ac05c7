/**
 * Screenshots of every view: `bun tools/shots.ts FOLDER [de] [name…]` opens the preview in Chromium and saves
 * one PNG for each view and size (names restrict both). Chromium is CHROMIUM or /usr/bin/chromium.
 */
import { join } from 'node:path';
import puppeteer, { type Page } from 'puppeteer-core';
import de from '../locales/de.json';
import en from '../locales/en.json';
import { servePreview } from './preview.ts';

const SIZES = { phone: [390, 844], low: [844, 390], desk: [1440, 900] } as const;

/** View name → the number of moves that bots make first, and the text keys of the controls to press. */
const VIEWS: {
  readonly [name: string]: { readonly moves: number; readonly press: readonly (keyof typeof en)[] };
} = {
  intro: { moves: 0, press: [] },
  loft: { moves: 0, press: ['intro.skip'] },
  note: { moves: 0, press: ['intro.skip', 'spot.note'] },
  portraits: { moves: 0, press: ['intro.skip', 'spot.portraits'] },
  drawer: { moves: 2, press: ['spot.drawer'] },
  bird: { moves: 4, press: ['spot.bird'] },
  loftOpen: { moves: 12, press: [] },
  chamber: { moves: 12, press: ['go.chamber'] },
  train: { moves: 13, press: ['go.chamber', 'spot.train'] },
  trainDone: { moves: 15, press: ['go.chamber', 'spot.train'] },
  run: { moves: 15, press: ['go.chamber', 'spot.run'] },
  lift: { moves: 12, press: ['go.chamber', 'spot.posts'] },
  gallery: { moves: 12, press: ['go.chamber', 'spot.posts', 'post.0.go'] },
  pit: { moves: 12, press: ['go.chamber', 'spot.posts', 'post.1.go'] },
  slate: {
    moves: 12,
    press: ['go.chamber', 'spot.posts', 'post.1.go', 'post.0.go'],
  },
  end: { moves: 99, press: [] },
};

async function press(page: Page, label: string): Promise<void> {
  await page.evaluate((wanted) => {
    const controls = [...document.querySelectorAll('button, [role=button], [role=slider]')];
    const named = (control: Element): string =>
      control.getAttribute('aria-label') ?? control.textContent?.trim() ?? '';
    const found = controls.find((control) => named(control) === wanted && !control.closest('[inert]'));
    if (!found) throw new Error(`no control "${wanted}" among ${controls.map(named).join(' | ')}`);
    found.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
  }, label);
  await Bun.sleep(350);
}

const [folder = '.', ...only] = process.argv.slice(2);
const locale = only.includes('de') ? 'de' : 'en';
const texts: { readonly [key: string]: string } = locale === 'de' ? de : en;
const server = servePreview();
const browser = await puppeteer.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--hide-scrollbars'],
});
const page = await browser.newPage();
page.on('pageerror', (error) => console.error('page error:', error));
page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
const sizes = Object.entries(SIZES).filter(
  ([name]) => !only.some((word) => word in SIZES) || only.includes(name),
);
const views = Object.entries(VIEWS).filter(
  ([name]) => !only.some((word) => word in VIEWS) || only.includes(name),
);
for (const [size, [width, height]] of sizes) {
  await page.setViewport({ width, height, deviceScaleFactor: size === 'desk' ? 1 : 2 });
  for (const [name, view] of views) {
    await page.goto(`http://127.0.0.1:${server.port}/?seed=5&moves=${view.moves}&locale=${locale}`);
    await page.waitForSelector('.dh');
    for (const label of view.press) await press(page, texts[label] ?? label);
    await Bun.sleep(name === 'end' ? 500 : 700);
    await page.screenshot({ path: join(folder, `${name}-${size}.png`) });
  }
}
await browser.close();
await server.stop(true);
