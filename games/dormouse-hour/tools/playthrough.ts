/**
 * Plays the game to its end in the preview, in Chromium: `bun tools/playthrough.ts mouse` drags and clicks,
 * `… keys` uses only the keyboard and reaches every control with the Tab key. The bot chooses the moves;
 * controls are found by their accessible names. Fails also if the page has errors, or shows the player's move
 * later than RESPONSE_MS_MAX after the press.
 */
import puppeteer, { type Page } from 'puppeteer-core';
import en from '../locales/en.json';
import type { Move, State } from '../rules/state.ts';
import { servePreview } from './preview.ts';

const TABS_MAX = 90;
/** A press must be visible on the screen within this time, before its move is confirmed. */
const RESPONSE_MS_MAX = 100;
type Text = keyof typeof en;

/** An input device. `label` is the beginning of a control's accessible name. */
interface Input {
  press(label: string): Promise<void>;
  /** Steps a control until it shows the value. */
  turn(label: string, value: string): Promise<void>;
  /** Uses an item on a target. */
  drag(item: string, target: string): Promise<void>;
}

const CONTROLS = 'button, [role=button], [role=slider]';

async function labelOf(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '',
  );
}

async function centre(page: Page, label: string): Promise<{ x: number; y: number }> {
  const found = await page.evaluate(
    (wanted, controls) => {
      for (const control of document.querySelectorAll(controls)) {
        const name = control.getAttribute('aria-label') ?? control.textContent?.trim() ?? '';
        if (!name.startsWith(wanted) || control.closest('[inert]')) continue;
        const { left, top, width, height } = (
          control.querySelector('.dh-area') ?? control
        ).getBoundingClientRect();
        return { x: left + width / 2, y: top + height / 2, width, height };
      }
      return null;
    },
    label,
    CONTROLS,
  );
  if (!found) throw new Error(`no control "${label}"`);
  if (found.width < 43.5 || found.height < 43.5) {
    throw new Error(`"${label}" is ${found.width} × ${found.height}, less than 44 px`);
  }
  return found;
}

async function valueOf(page: Page, label: string): Promise<string> {
  return page.evaluate(
    (wanted) => document.querySelector(`[aria-label="${wanted}"]`)?.getAttribute('aria-valuetext') ?? '',
    label,
  );
}

async function turnWith(page: Page, label: string, value: string, once: () => Promise<void>): Promise<void> {
  for (let turns = 0; (await valueOf(page, label)) !== value; turns++) {
    if (turns > 6) throw new Error(`${label} never shows ${value}`);
    await once();
  }
}

function mouse(page: Page): Input {
  const press = async (label: string): Promise<void> => {
    const { x, y } = await centre(page, label);
    await page.mouse.click(x, y);
    await Bun.sleep(60);
  };
  return {
    press,
    turn: (label, value) => turnWith(page, label, value, () => press(label)),
    async drag(item, target) {
      const from = await centre(page, item);
      const to = await centre(page, target);
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
      await page.mouse.move(to.x, to.y, { steps: 4 });
      await page.mouse.up();
      await Bun.sleep(60);
    },
  };
}

function keys(page: Page): Input {
  const reach = async (label: string): Promise<void> => {
    for (let tabs = 0; !(await labelOf(page)).startsWith(label); tabs++) {
      if (tabs > TABS_MAX) throw new Error(`the Tab key does not reach "${label}"`);
      await page.keyboard.press('Tab');
    }
  };
  const press = async (label: string): Promise<void> => {
    await reach(label);
    await page.keyboard.press('Enter');
    await Bun.sleep(60);
  };
  return {
    press,
    async turn(label, value) {
      await reach(label);
      await turnWith(page, label, value, () => page.keyboard.press('ArrowUp'));
    },
    async drag(item, target) {
      await press(item);
      await press(target);
    },
  };
}

const t = (key: string, values: { readonly [name: string]: string | number } = {}): string =>
  (en[key as Text] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));

/** The place and the close-up in which a move is made; null = no close-up. */
function viewOf(move: Move): readonly ['loft' | 'chamber', string | null] {
  if (move.type === 'face') return ['loft', t('spot.drawer')];
  if (move.type === 'ring' || (move.type === 'use' && move.on === 'bird')) return ['loft', t('spot.bird')];
  if (move.type === 'place') return ['chamber', t('spot.train')];
  if (['post', 'moon', 'weight'].includes(move.type)) return ['chamber', t('spot.posts')];
  if (move.type === 'turn' || (move.type === 'use' && move.on === 'run')) return ['chamber', t('spot.run')];
  return [move.type === 'swing' ? 'chamber' : 'loft', null];
}

async function perform(move: Move, state: State, input: Input): Promise<void> {
  switch (move.type) {
    case 'take':
      return input.press(t('spot.key'));
    case 'use': {
      const target = { bird: 'bird.keyhole', hatch: 'spot.hatch', run: 'run.hopper' }[move.on];
      return input.drag(t(`item.${move.item}`), t(target));
    }
    case 'face':
      return input.turn(t('drawer.drum', { number: move.wheel + 1 }), t(`face.${move.face}`));
    case 'ring':
      return input.press(t('bird.bell', { number: move.bell + 1 }));
    case 'place':
      return input.drag(t(`item.wheel${move.teeth}`), t('arbor.empty', { number: move.arbor + 1 }));
    case 'post':
      return input.press(t(`post.${move.post}.go`));
    case 'moon': {
      const mark = t(`mark.${state.posts.lanternMarks[move.part] ?? 0}`);
      return input.turn(t('post.lantern', { mark }), t(`moon.${move.value}`));
    }
    case 'weight': {
      const mark = t(`mark.${state.posts.weightMarks[move.part] ?? 0}`);
      return input.turn(t('post.weight', { mark }), t('notch', { notch: move.value }));
    }
    case 'turn': {
      const tile = state.run.tiles[move.tile];
      const place = { row: Math.floor(move.tile / 4) + 1, column: (move.tile % 4) + 1 };
      const kind = tile?.bend ? 'bend' : 'straight';
      return input.turn(t(`run.${kind}`, place), t(`${kind}.${tile?.bend ? move.turn : move.turn % 2}`));
    }
    case 'swing':
      return input.press(t('spot.swing'));
    default:
      throw new Error(`the bot does not make ${move.type}`);
  }
}

interface Preview {
  state(): State;
  bot(seat: number): Move | null;
}
declare const preview: Preview;

async function playThrough(page: Page, input: Input): Promise<number> {
  await input.press(t('intro.next'));
  await input.press(t('intro.next'));
  await input.press(t('intro.begin'));
  let place: string = 'loft';
  let closeup: string | null = null;
  for (let moves = 0; ; moves++) {
    const next = await page.evaluate(() => ({ move: preview.bot(1), state: preview.state() }));
    if (!next.move) return moves;
    const [wantedPlace, wantedCloseup] = viewOf(next.move);
    if (closeup !== null && (closeup !== wantedCloseup || place !== wantedPlace)) {
      await input.press(t('close'));
      closeup = null;
    }
    if (place !== wantedPlace) await input.press(t(wantedPlace === 'chamber' ? 'go.chamber' : 'go.loft'));
    place = wantedPlace;
    if (wantedCloseup !== null && closeup === null) await input.press(wantedCloseup);
    closeup = wantedCloseup;
    await perform(next.move, next.state, input);
    await Bun.sleep(60);
  }
}

/** The time from pressing a drum until it shows the next face. */
async function responseTimeMs(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const drum = document.querySelector('[role=slider]');
    const before = drum?.getAttribute('aria-valuetext');
    const start = performance.now();
    drum?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    while (drum?.getAttribute('aria-valuetext') === before && performance.now() - start < 2_000) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return performance.now() - start;
  });
}

const device = process.argv[2] === 'keys' ? keys : mouse;
const size = process.argv.includes('phone') ? { width: 390, height: 844 } : { width: 1440, height: 900 };
const server = servePreview();
const browser = await puppeteer.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
let errors = 0;
page.on('pageerror', (error) => {
  errors++;
  console.error('page error:', error);
});
await page.setViewport(size);
await page.goto(`http://127.0.0.1:${server.port}/?seed=77&lag=30`);
await page.waitForSelector('.dh');
const moves = await playThrough(page, device(page));
const ended = await page.evaluate(
  () => preview.state().swinging && document.querySelector('.dh-ending') !== null,
);
console.log(`${device.name}: ${moves} moves, ${ended ? 'ended' : 'NOT ENDED'}, ${errors} page errors`);

await page.goto(`http://127.0.0.1:${server.port}/?seed=77&lag=1500&moves=1`);
await page.waitForSelector('.dh');
await mouse(page).press(t('spot.drawer'));
const responseMs = await responseTimeMs(page);
console.log(`a press was visible after ${responseMs.toFixed(0)} ms; its move is confirmed after 1500 ms`);
await browser.close();
await server.stop(true);
if (!ended || errors > 0 || responseMs > RESPONSE_MS_MAX) process.exit(1);
