/** Real browsers: Chromium and Firefox ESR from Debian's packages, with one driver. */
import { existsSync } from 'node:fs';
import puppeteer, { type Browser, type BrowserContext, type Page } from 'puppeteer-core';

export type BrowserName = 'chromium' | 'firefox';

const PROGRAMS: { readonly [N in BrowserName]: readonly string[] } = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
};
/** No background network traffic; no sandbox, which does not work as root. */
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** The path of the browser; null = not installed. */
export function programOf(name: BrowserName): string | null {
  return PROGRAMS[name].find((path) => existsSync(path)) ?? null;
}

export function launch(name: BrowserName): Promise<Browser> {
  const executablePath = programOf(name);
  if (executablePath === null) throw new Error(`${name} is not installed`);
  return name === 'chromium'
    ? // By a pipe, which closes when this process ends, however it ends: Chromium then ends, too.
      puppeteer.launch({ executablePath, headless: true, pipe: true, args: CHROMIUM_FLAGS })
    : puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
}

export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors in the page's scripts. */
  readonly errors: readonly string[];
}

/** A visitor with a browser profile of their own: own cookies, own storage. */
export async function visitor(browser: Browser, width = 1280, height = 800): Promise<Visitor> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width, height });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  return { page, context, errors };
}

/** Clicks a link or button and waits for the next page. */
export async function follow(page: Page, selector: string): Promise<void> {
  await page.waitForSelector(selector);
  await Promise.all([
    page.waitForNavigation(),
    page.$eval(selector, (element) => (element as HTMLElement).click()),
  ]);
}
