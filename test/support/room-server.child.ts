/** The real front end, rooms and journal in a process of their own: its memory is theirs alone. */
import type { Peer } from '../../src/ports/frontend/frontend.ts';
import type { Game } from '../../src/services/game/game.ts';
import { fastWorld } from './fast-world.ts';
import { type RealGame, startRealGame } from './real-game.ts';
import { watchSockets } from './watched-sockets.ts';
import type { RoomServerCounts, RoomServerOptions } from './room-server.shared.ts';

const { limits, rooms, speed, removed } = JSON.parse(process.argv[2] ?? '') as RoomServerOptions;
const watched = watchSockets(null);
const queries: { [name: string]: number } = {};
const real: RealGame = await startRealGame(limits, {
  world: fastWorld(speed),
  sockets: (own) => watched.sockets(without(own)),
  trustedProxies: 1,
});
for (const room of rooms) real.addRoom(room);
countQueries();
console.log(JSON.stringify({ port: real.port }));

for await (const line of console) {
  if (line === 'counts') console.log(JSON.stringify(counts()));
}
await real.stop();

function counts(): RoomServerCounts {
  Bun.gc(true);
  return {
    residentMb: process.memoryUsage.rss() / 2 ** 20,
    queries: { ...queries },
    sockets: real.game.counts().sockets,
    closes: watched.closes,
    failures: real.failures.length,
  };
}

/** From the outside, so that nothing of the store needs to know. */
function countQueries(): void {
  const { store } = real;
  for (const name of ['loadRoom', 'seats', 'chunks'] as const) {
    const ask = store[name].bind(store) as (...args: unknown[]) => unknown;
    Object.assign(store, {
      [name]: (...args: unknown[]) => {
        queries[name] = (queries[name] ?? 0) + 1;
        return ask(...args);
      },
    });
  }
}

function without(own: Game['sockets']): Game['sockets'] {
  if (removed === null) return own;
  return (offer) => {
    if (removed === 'memory-of-rooms') void real.store.loadRoom(offer.path.split('/')[4] ?? '');
    const answer = own(offer);
    if (!answer.accept || removed !== 'congestion') return answer;
    return { accept: true, open: (peer) => answer.open(neverCongested(peer)) };
  };
}

function neverCongested(peer: Peer): Peer {
  return {
    address: peer.address,
    congested: false,
    buffered: () => 0,
    send: (frame) => peer.send(frame),
    ping: () => peer.ping(),
    pause: () => peer.pause(),
    resume: () => peer.resume(),
    close: (code, reason) => peer.close(code, reason),
  };
}
