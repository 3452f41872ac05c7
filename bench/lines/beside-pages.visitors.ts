/**
 * Child process: asks for pages of the shop, so many a second, each when it is due whether the others
 * were answered or not. Prints how many were answered in full within the seconds that count, those after
 * the warm-up; how many failed in all; and how long the answers took from when they were due.
 * Arguments: the shop's address, page views a second, seconds of warm-up, seconds that count.
 */
import { Histogram } from '../lib/histogram.ts';
import type { PageViews } from './beside-pages.ts';

const PATHS = ['/', '/games/dormouse-hour', '/legal/imprint', '/', '/games/dormouse-hour', '/legal/privacy'];
const TICK_MS = 1;
/** Later than this nobody waits for a page. */
const ANSWER_MS_MAX = 10_000;

const [shop = '', rate, warmUp, seconds] = process.argv.slice(2);
const times = new Histogram();
const asked: Promise<void>[] = [];
let answered = 0;
let failed = 0;

const began = performance.now();
const from = began + Number(warmUp) * 1_000;
const until = from + Number(seconds) * 1_000;
for (let due = began; due < until; due = began + (asked.length * 1_000) / Number(rate)) {
  if (due > performance.now()) await Bun.sleep(TICK_MS);
  else asked.push(view(PATHS[asked.length % PATHS.length] ?? '/', due));
}
await Promise.all(asked);
const views: PageViews = { answered, failed, p50: times.quantile(0.5), p99: times.quantile(0.99) };
console.log(JSON.stringify(views));
process.exit();

async function view(path: string, due: number): Promise<void> {
  const text = await fetch(shop + path, {
    headers: { 'Accept-Language': 'en' },
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  })
    .then((answer) => (answer.status === 200 ? answer.text() : ''))
    .catch(() => '');
  const now = performance.now();
  if (!text.includes('</html>')) return void failed++;
  if (due >= from) times.add(now - due);
  if (now >= from && now < until) answered++;
}
