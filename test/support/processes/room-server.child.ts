/** The real front end, rooms and journal in a process of their own, so that its memory can be measured. */
import { hello } from '../../../sdk/protocol/hello.ts';
import { live } from '../../../sdk/protocol/live.ts';
import { RECORD_VERSION } from '../../../sdk/protocol/record.ts';
import { welcome } from '../../../sdk/protocol/welcome.ts';
import type { Peer } from '../../../src/ports/frontend/frontend.ts';
import type { Game } from '../../../src/services/game/game.ts';
import { recordCloses, wrapHandlers, wrapPeers } from '../clients/socket-wrappers.ts';
import { fastWorld } from '../in-process/fast-world.ts';
import { type RealGame, startRealGame } from '../in-process/real-game.ts';
import type { RoomServerCounts, RoomServerOptions } from './room-server.shared.ts';

const { limits, rooms, speed, removed } = JSON.parse(process.argv[2] ?? '') as RoomServerOptions;
const watched = recordCloses(null);
const queries: { [name: string]: number } = {};
const real: RealGame = await startRealGame(limits, {
  world: fastWorld(speed),
  wrapUpgrade: (own) => watched.wrapUpgrade(withoutGuard(own)),
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

/** Counts queries by wrapping the store's methods. */
function countQueries(): void {
  const { store } = real;
  for (const name of ['loadRoom', 'seats', 'chunks'] as const) {
    const query = store[name].bind(store) as (...args: unknown[]) => unknown;
    Object.assign(store, {
      [name]: (...args: unknown[]) => {
        queries[name] = (queries[name] ?? 0) + 1;
        return query(...args);
      },
    });
  }
}

function withoutGuard(own: Game['onUpgrade']): Game['onUpgrade'] {
  switch (removed) {
    case null:
      return own;
    case 'backpressure':
      return wrapPeers(own, () => ({ isBackpressured: false, buffered: () => 0 }));
    case 'memory-of-rooms':
      return (offer) => {
        void real.store.loadRoom(offer.path.split('/')[4] ?? '');
        return own(offer);
      };
    case 'memory-of-clients':
      return wrapHandlers(own, (handler) => ({
        onMessage: (frame) => handler.onMessage(frame[0] === hello.type ? withNewClient(frame) : frame),
      }));
    case 'replay-of-the-rest':
      return wrapPeers(own, dropsMissedRecords);
    default:
      return removed satisfies never;
  }
}

function withNewClient(frame: Uint8Array): Uint8Array {
  const values = hello.decode(frame);
  const clients = [{ id: crypto.getRandomValues(new Uint8Array(16)) }];
  return values ? hello.encode({ ...values, clients }) : frame;
}

function dropsMissedRecords(peer: Peer): Partial<Peer> {
  let resuming = false;
  return {
    send(frame) {
      if (frame[0] === welcome.type) resuming = welcome.decode(frame)?.resumed === 1;
      if (frame[0] === live.type) resuming = false;
      return (resuming && frame[0] === RECORD_VERSION) || peer.send(frame);
    },
  };
}
