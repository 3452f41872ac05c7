/**
 * Makes rooms with players through the pages of a running version, as teams do: a free game, Enter and the join
 * call for each player, and hello. The welcome contains a pass that is valid for 12 hours (docs/protocol.md,
 * P1, P10, P17), so the data folder can be copied for each run.
 */
import { hello } from '../../sdk/protocol/hello.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { welcome } from '../../sdk/protocol/welcome.ts';
import { forAll } from '../lib/for-all.ts';
import type { Endpoint } from '../lib/load-generator.ts';
import { freeLink } from '../lib/free-link.ts';
import { startVersion, type Version } from './version-server.ts';

const TEAMS_AT_ONCE = 32;
const PROGRESS_EVERY = 400;

/** An endpoint without its port, which differs from run to run. The ticket is the pass. */
export type Seat = Omit<Endpoint, 'port'>;

/** Makes `dataDir` with `rooms` rooms. Resolves with their seats when the server has stopped. */
export async function makeTeams(
  version: Version,
  dataDir: string,
  rooms: number,
  players: number,
  log: (text: string) => void,
): Promise<readonly (readonly Seat[])[]> {
  const server = await startVersion(version, ['web', 'game', 'archiver'], dataDir);
  try {
    const origin = `http://127.0.0.1:${server.port}`;
    const teams: Seat[][] = [];
    const numbers = Array.from({ length: rooms }, (_, number) => number);
    await forAll(numbers, TEAMS_AT_ONCE, async (number) => {
      teams.push(await makeTeam(origin, number, players));
      if (teams.length % PROGRESS_EVERY === 0) log(`${teams.length} of ${rooms} rooms made`);
    });
    return teams;
  } finally {
    await server.stop();
  }
}

async function makeTeam(origin: string, number: number, players: number): Promise<Seat[]> {
  // One address per team, for the limits: 10.0.0.0, 10.0.0.1 …
  const headers = { 'X-Forwarded-For': `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}` };
  const link = await freeLink(`${origin}/`, headers);
  const seats: Seat[] = [];
  for (let player = 0; player < players; player++) seats.push(await takeSeat(link, headers));
  return seats;
}

async function takeSeat(link: string, headers: { readonly [name: string]: string }): Promise<Seat> {
  const { origin } = new URL(link);
  const entered = await fetch(`${link}/enter`, {
    method: 'POST',
    headers: { ...headers, Origin: origin, 'Content-Type': 'application/x-www-form-urlencoded' },
    redirect: 'manual',
  });
  const room = /^\/r\/(\w+)$/.exec(entered.headers.get('location') ?? '')?.[1];
  if (room === undefined) throw new Error(`Enter failed with ${entered.status}`);
  const cookies = entered.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]);
  const response = await fetch(`${origin}/api/rooms/${room}/join`, {
    method: 'POST',
    headers: { ...headers, Origin: origin, 'Content-Type': 'application/json', Cookie: cookies.join('; ') },
    body: '{}',
  });
  const joined = (await response.json()) as { readonly socket?: string; readonly ticket?: string };
  if (!joined.socket || !joined.ticket) throw new Error(`the join call failed: ${JSON.stringify(joined)}`);
  const address = new URL(joined.socket, origin);
  return { path: address.pathname, ticket: await passFor(address, joined.ticket) };
}

/** The pass of the first welcome. */
function passFor({ host, pathname }: URL, ticket: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const clients = [{ id: crypto.getRandomValues(new Uint8Array(16)) }];
  const socket = new WebSocket(`ws://${host}${pathname}`);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () =>
    socket.send(hello.encode({ version: PROTOCOL_VERSION, credential: ticket, clients, epoch: 0, seq: 0 }));
  socket.onmessage = ({ data }) => {
    const first = welcome.decode(new Uint8Array(data as ArrayBuffer));
    if (first) resolve(first.pass);
    else reject(new Error('the first frame of a room is not a welcome'));
    socket.close();
  };
  // 4401: this server does not support the protocol version of the load generator.
  socket.onclose = ({ code, reason }) => reject(new Error(`a room closed with ${code} ${reason}`));
  return promise;
}
