/**
 * Child process: requests pages of the shop at a fixed rate, each when it is due, whether earlier ones were
 * answered or not. Prints how many were answered completely in the measured stretch, how many failed in all,
 * and the time from when a request was due until it was answered.
 * Arguments: address of the shop, page views per second, seconds of warm-up, seconds of the measured stretch.
 */
import { Histogram } from '../lib/histogram.ts';
import type { PageViews } from './with-pages.ts';

const PATHS = ['/', '/games/dormouse-hour', '/legal/imprint', '/', '/games/dormouse-hour', '/legal/privacy'];
const TICK_MS = 1;
/** A page that takes longer has failed. */
const ANSWER_MS_MAX = 10_000;

const [shop = '', rate, warmUp, seconds] = process.argv.slice(2);
const times = new Histogram();
const requests: Promise<void>[] = [];
let answered = 0;
let failed = 0;

const began = performance.now();
const from = began + Number(warmUp) * 1_000;
const until = from + Number(seconds) * 1_000;
for (let due = began; due < until; due = began + (requests.length * 1_000) / Number(rate)) {
  if (due > performance.now()) await Bun.sleep(TICK_MS);
  else requests.push(view(PATHS[requests.length % PATHS.length] ?? '/', due));
}
await Promise.all(requests);
const views: PageViews = { answered, failed, p50: times.quantile(0.5), p99: times.quantile(0.99) };
console.log(JSON.stringify(views));
process.exit();

async function view(path: string, due: number): Promise<void> {
  const text = await fetch(shop + path, {
    headers: { 'Accept-Language': 'en' },
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  })
    .then((response) => (response.status === 200 ? response.text() : ''))
    .catch(() => '');
  const now = performance.now();
  if (!text.includes('</html>')) return void failed++;
  if (due >= from) times.add(now - due);
  if (now >= from && now < until) answered++;
}
