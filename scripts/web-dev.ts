/**
 * Runs the web service alone, for work on its pages: temporary data, two sample games, the test provider. Nothing
 * is kept. `bun scripts/web-dev.ts [port]`
 */
import { openWeb, sampleRelease } from '../test/support/in-process/web-fixture.ts';

const port = Number(process.argv[2] ?? 8090);
const url = `http://127.0.0.1:${port}`;
const second = sampleRelease({
  game: 'second-sample',
  free: false,
  prices: { EUR: 1490 },
  minutes: 90,
  players: { min: 2, max: 4 },
  texts: {
    en: {
      title: 'The Lighthouse Keeper’s Ledger',
      tagline: 'Ninety minutes of fog, mirrors and a very exact book-keeper.',
      description: 'The lamp went out at ten past nine. Nobody saw why.',
      accessibility: 'Captions for every sound. Some small print, which can be enlarged.',
    },
  },
});
const fixture = await openWeb({ url, releases: [sampleRelease(), second] });
const server = Bun.serve({
  port,
  hostname: '127.0.0.1',
  fetch: (request, own) => fixture.web.fetch(request, own.requestIP(request)?.address ?? 'unknown'),
});
console.log(`shop   ${url}/\nadmin  ${url}/admin?key=${fixture.deps.keys.admin}`);
process.on('SIGINT', () => {
  void server
    .stop(true)
    .then(() => fixture.stop())
    .then(() => process.exit(0));
});
