/**
 * Child process: joins a room so many times, one after another, and prints how long each took, from
 * the open socket to the replayed state. Before, it joins another room in which nothing was played, and
 * inflates a few bytes, so that the runtime's own parts are loaded; the reducer meets its first moves
 * when the time is taken, as in a page that was just loaded.
 * Arguments: both rooms' socket addresses and tickets, moves that must be there, how many times.
 */
import { deflateRawSync } from 'node:zlib';
import { inflate } from '../../sdk/src/browser-environment.ts';
import { openPage, type Place, until } from './page.ts';

const [url = '', ticket = '', emptyUrl = '', emptyTicket = '', moves, times] = process.argv.slice(2);

await inflate(new Uint8Array(deflateRawSync(new Uint8Array(100))));
await join({ url: emptyUrl, ticket: emptyTicket }, 0);
const took: number[] = [];
for (let time = 0; time < Number(times); time++) took.push(await join({ url, ticket }, Number(moves)));
console.log(JSON.stringify(took));
process.exit();

/** ms. */
async function join(place: Place, wanted: number): Promise<number> {
  const { session, openedAt } = openPage(place);
  await until(session, () => session.status() === 'live');
  const ms = performance.now() - openedAt();
  const counted = session.state()?.moves;
  if (counted !== wanted) throw new Error(`${counted} moves, not ${wanted}`);
  session.close();
  return ms;
}
