/**
 * Child process: asks for pages of the shop, so many a second, each when it is due whether the others
 * were answered or not. Prints how many were answered in full, and how long that took from when they
 * were due. Arguments: the shop's address, page views a second, for how many seconds.
 */
import { Histogram } from '../lib/histogram.ts';
import type { PageViews } from './beside-pages.ts';

const PATHS = ['/', '/games/dormouse-hour', '/legal/imprint', '/', '/games/dormouse-hour', '/legal/privacy'];
const TICK_MS = 1;

const [shop = '', rate, seconds] = process.argv.slice(2);
const times = new Histogram();
const asked: Promise<void>[] = [];
let failed = 0;

const began = performance.now();
const last = Number(rate) * Number(seconds);
while (asked.length < last) {
  const due = began + (asked.length * 1_000) / Number(rate);
  if (due > performance.now()) await Bun.sleep(TICK_MS);
  else asked.push(view(PATHS[asked.length % PATHS.length] ?? '/', due));
}
await Promise.all(asked);
const views: PageViews = { views: times.count, failed, p50: times.quantile(0.5), p99: times.quantile(0.99) };
console.log(JSON.stringify(views));
process.exit();

async function view(path: string, due: number): Promise<void> {
  const answer = await fetch(shop + path, { headers: { 'Accept-Language': 'en' } }).catch(() => null);
  const text = await answer?.text();
  if (answer?.status === 200 && text?.includes('</html>')) times.add(performance.now() - due);
  else failed++;
}
