/**
 * Child process: joins a room so many times, one after another, and prints how long each took, from
 * the open socket to the replayed state. The first one meets code that never ran, as in a page that
 * was just loaded. Arguments: socket address, ticket, moves that must be there, how many times.
 */
import { openPage, until } from './page.ts';

const [url = '', ticket = '', moves, times] = process.argv.slice(2);
const took: number[] = [];
for (let time = 0; time < Number(times); time++) {
  const { session, openedAt } = openPage({ url, ticket });
  await until(session, () => session.status() === 'live');
  took.push(performance.now() - openedAt());
  if (session.state()?.moves !== Number(moves))
    throw new Error(`${session.state()?.moves} moves, not ${moves}`);
  session.close();
}
console.log(JSON.stringify(took));
process.exit();
