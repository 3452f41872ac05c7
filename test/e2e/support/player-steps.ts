/** Steps of players through the pages: buy, read the mail, take a seat, play. */
import { inflateRawSync } from 'node:zlib';
import type { Page } from 'puppeteer-core';
import { botMove } from '../../../games/dormouse-hour/bot.ts';
import type { Move, State } from '../../../games/dormouse-hour/rules/state.ts';
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { chunk } from '../../../sdk/protocol/chunk.ts';
import { hello } from '../../../sdk/protocol/hello.ts';
import { live as liveMark } from '../../../sdk/protocol/live.ts';
import { type LogRecord, readRecord, RECORD_VERSION } from '../../../sdk/protocol/record.ts';
import { PROTOCOL_VERSION } from '../../../sdk/protocol/version.ts';
import { stateHash } from '../../../sdk/src/canonical.ts';
import type { Session } from '../../../sdk/src/session-api.ts';
import { follow } from './browser.ts';

const GAME = 'dormouse-hour';
/** Options for waiting: the default waits for animation frames, which a background page does not get. */
export const POLLED = { polling: 50 };

declare global {
  /** Set by the play page. */
  var escapement: Session<State, Move>;
}

/** From the shop to the order page, with a payment at the test provider. */
export async function buy(page: Page, shop: string, email: string): Promise<void> {
  await page.goto(shop);
  await follow(page, `a[href="/games/${GAME}"]`);
  await follow(page, `a[href="/games/${GAME}/buy"]`);
  await page.type('input[name=email]', email);
  await page.type('input[name=again]', email);
  await page.click('input[name=terms]');
  await page.click('input[name=immediate]');
  await follow(page, 'main form button[type=submit]');
  await follow(page, 'button[value=pay]');
}

/** The team's link in the mail to this address; waits for the mail. */
export async function linkFromMail(page: Page, outbox: string, email: string): Promise<string> {
  const links = 'main a[href*="/admin/outbox/"]';
  const find = (): Promise<string | null> =>
    page.$$eval(
      links,
      (found, to) => found.find((link) => link.closest('tr, li')?.textContent?.includes(to))?.href ?? null,
      email,
    );
  let mail: string | null = null;
  while (mail === null) {
    await page.goto(outbox);
    mail = await find();
  }
  await page.goto(mail);
  const found = /https?:\/\/[^\s"<>]+\/join\/[A-Za-z0-9_-]+/.exec(await wholeText(page));
  if (!found) throw new Error('the mail has no link');
  return found[0];
}

/** The page's text, including its frames. */
async function wholeText(page: Page): Promise<string> {
  const texts = await Promise.all(
    page.frames().map((frame) => frame.evaluate(() => document.body.innerText)),
  );
  return texts.join('\n');
}

export async function enter(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.type('input[name=name]', name);
  await follow(page, 'button[formaction$="/enter"]');
  await live(page);
}

/** Waits until the page is connected and has replayed everything. */
export async function live(page: Page, timeoutMs = 30_000): Promise<void> {
  await page.waitForFunction(() => globalThis.escapement?.status() === 'live', {
    ...POLLED,
    timeout: timeoutMs,
  });
}

export interface Seen {
  readonly hash: string;
  readonly seq: number;
  readonly epoch: number;
  readonly unsent: number;
  readonly status: string;
}

export async function seen(page: Page): Promise<Seen> {
  const { state, ...rest } = await page.evaluate(() => {
    const session = globalThis.escapement;
    const { seq, epoch } = session.position();
    return { state: session.state(), seq, epoch, unsent: session.unsent(), status: session.status() };
  });
  return { hash: stateHash(state), ...rest };
}

/** Sends the bot's next move for this page's seat; returns false when it has none. */
export async function step(page: Page): Promise<boolean> {
  const { state, seat } = await page.evaluate(() => ({
    state: globalThis.escapement.state(),
    seat: globalThis.escapement.seat(),
  }));
  const move = state && botMove(state, seat);
  if (!move) return false;
  await page.evaluate((next) => globalThis.escapement.send(next), move);
  await page.waitForFunction(() => globalThis.escapement.unsent() === 0, POLLED);
  return true;
}

/** Turns `count` drums of the drawer without waiting for echoes; the page's outbox keeps the moves. */
export function turnDrums(page: Page, count: number): Promise<void> {
  return page.evaluate((turns) => {
    for (let turn = 0; turn < turns; turn++) {
      const face = Math.floor(Math.random() * 6);
      globalThis.escapement.send({ type: 'face', wheel: turn % 4, face });
    }
  }, count);
}

/** Plays in turns until the game is over or `stepsMax` moves were made; returns the number of moves. */
export async function play(pages: readonly Page[], stepsMax = 500): Promise<number> {
  let steps = 0;
  for (let idle = 0; steps < stepsMax && idle < 40;) {
    let moved = false;
    for (const page of pages) {
      if (steps >= stepsMax || !(await step(page))) continue;
      moved = true;
      steps++;
    }
    idle = moved ? 0 : idle + 1;
    if (await finished(pages[0] as Page)) return steps;
  }
  return steps;
}

export function finished(page: Page): Promise<boolean> {
  return page.evaluate(() => globalThis.escapement.finishedAtMs() !== null);
}

/** Waits until all pages are at the same position; returns their state hashes. */
export async function settled(pages: readonly Page[]): Promise<readonly string[]> {
  const heads = await Promise.all(pages.map(async (page) => (await seen(page)).seq));
  const head = Math.max(...heads);
  await Promise.all(
    pages.map((page) =>
      page.waitForFunction(
        (seq) => globalThis.escapement.position().seq >= seq,
        { ...POLLED, timeout: 60_000 },
        head,
      ),
    ),
  );
  return Promise.all(pages.map(async (page) => (await seen(page)).hash));
}

/** The room's whole log, as a new client of this page's seat receives it. */
export async function readLog(page: Page): Promise<readonly LogRecord[]> {
  const room = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const credential = await page.evaluate(async (id) => {
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' };
    const answer = await fetch(`/api/rooms/${id}/join`, init);
    return (await answer.json()) as { socket: string; ticket: string };
  }, room);
  const id = crypto.getRandomValues(new Uint8Array(16));
  const greeting = {
    version: PROTOCOL_VERSION,
    credential: credential.ticket,
    clients: [{ id }],
    epoch: 0,
    seq: 0,
  };
  const frames = await page.evaluate(
    collectFrames,
    credential.socket,
    [...hello.encode(greeting)],
    liveMark.type,
  );
  const records: LogRecord[] = [];
  for (const frame of frames.map((bytes) => Uint8Array.from(bytes))) {
    const packed = frame[0] === chunk.type ? chunk.decode(frame) : null;
    const bytes = packed ? inflateRawSync(packed.deflated) : frame[0] === RECORD_VERSION ? frame : null;
    for (const reader = new Reader(bytes ?? new Uint8Array(0)); !reader.atEnd;) {
      const record = readRecord(reader);
      if (!record) throw new Error('the log has bytes that are no record');
      records.push(record);
    }
  }
  return records;
}

/** Runs in the page: collects all frames up to `live`, as numbers. */
function collectFrames(path: string, greeting: readonly number[], end: number): Promise<number[][]> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
    socket.binaryType = 'arraybuffer';
    const frames: number[][] = [];
    socket.onopen = () => socket.send(Uint8Array.from(greeting));
    socket.onclose = ({ code }) => reject(new Error(`the socket closed with ${code}`));
    socket.onmessage = ({ data }) => {
      const frame = [...new Uint8Array(data as ArrayBuffer)];
      frames.push(frame);
      if (frame[0] !== end) return;
      socket.onclose = null;
      socket.close();
      resolve(frames);
    };
  });
}
