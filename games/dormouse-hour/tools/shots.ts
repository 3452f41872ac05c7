/**
 * Pictures of every view: `bun tools/shots.ts FOLDER [name…]` opens the preview in Chromium and
 * saves one PNG for each view and size. Chromium is taken from CHROMIUM or /usr/bin/chromium.
 */
import { join } from 'node:path';
import puppeteer, { type Page } from 'puppeteer-core';
import { servePreview } from './preview.ts';

const SIZES = { phone: [390, 844], low: [844, 390], desk: [1440, 900] } as const;

/** The view's name → moves made before by bots, and what to press, by label. */
const VIEWS: { readonly [name: string]: { readonly moves: number; readonly press: readonly string[] } } = {
  intro: { moves: 0, press: [] },
  loft: { moves: 0, press: ['Skip'] },
  note: { moves: 0, press: ['Skip', 'Letter'] },
  portraits: { moves: 0, press: ['Skip', 'The keepers of the clock'] },
  drawer: { moves: 2, press: ['Locked drawer'] },
  bird: { moves: 4, press: ['Mechanical nightingale'] },
  loftOpen: { moves: 12, press: [] },
  chamber: { moves: 12, press: ['Climb up'] },
  train: { moves: 13, press: ['Climb up', 'Clockwork'] },
  trainDone: { moves: 15, press: ['Climb up', 'Clockwork'] },
  run: { moves: 15, press: ['Climb up', 'Nut run'] },
  lift: { moves: 12, press: ['Climb up', 'Lift to gallery and pit'] },
  gallery: { moves: 12, press: ['Climb up', 'Lift to gallery and pit', 'Ride up to the gallery'] },
  pit: { moves: 12, press: ['Climb up', 'Lift to gallery and pit', 'Ride down to the pit'] },
  slate: {
    moves: 12,
    press: ['Climb up', 'Lift to gallery and pit', 'Ride down to the pit', 'Ride up to the gallery'],
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
    const extra = only.find((word) => word.startsWith('&')) ?? '';
    await page.goto(`http://127.0.0.1:${server.port}/?seed=5&moves=${view.moves}${extra}`);
    await page.waitForSelector('.dh');
    for (const label of view.press) await press(page, label);
    await Bun.sleep(name === 'end' ? 500 : 700);
    await page.screenshot({ path: join(folder, `${name}-${size}.png`) });
  }
}
await browser.close();
await server.stop(true);
