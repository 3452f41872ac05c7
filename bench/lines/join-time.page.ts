/**
 * Child process: joins a room several times, one after another, and prints how long each join took, from the
 * open socket to the replayed state, ms. First it joins a room without moves and inflates a few bytes, so that
 * the runtime's own code is loaded. The reducer gets its first moves in the measured join, as in a new page.
 * Arguments: address and ticket of the room, the same of the room without moves, the number of moves that must
 * be there, the number of joins.
 */
import { deflateRawSync } from 'node:zlib';
import { inflate } from '../../sdk/src/browser-environment.ts';
import { openPage, type PageAddress, waitUntil } from './counting-page.ts';

const [url = '', ticket = '', emptyUrl = '', emptyTicket = '', moves, times] = process.argv.slice(2);

await inflate(new Uint8Array(deflateRawSync(new Uint8Array(100))));
await join({ url: emptyUrl, ticket: emptyTicket }, 0);
const took: number[] = [];
for (let time = 0; time < Number(times); time++) took.push(await join({ url, ticket }, Number(moves)));
console.log(JSON.stringify(took));
process.exit();

/** ms. */
async function join(address: PageAddress, expected: number): Promise<number> {
  const { session, openedAt } = openPage(address);
  await waitUntil(session, () => session.status() === 'live');
  const ms = performance.now() - openedAt();
  const counted = session.state()?.moves;
  if (counted !== expected) throw new Error(`${counted} moves instead of ${expected}`);
  session.close();
  return ms;
}
