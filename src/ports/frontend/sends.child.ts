/**
 * Child process of a test: Bun's front end with one socket. Prints the number of network writes of each step as a JSON
 * array. Runs with the library of test/support/processes/count-sends.c preloaded; its path is the argument.
 */
import { dlopen } from 'bun:ffi';
import { realWorld } from '../../lib/world.real.ts';
import { bunFrontend } from './frontend.bun.ts';
import type { Peer } from './frontend.ts';

const library = dlopen(process.argv[2] ?? '', { sends_so_far: { args: [], returns: 'i64' } });
const sends = (): number => Number(library.symbols.sends_so_far());

const frames = [60, 60, 9_000, 60].map((length) => new Uint8Array(length));

/** Each step begins in a new turn of the event loop. */
const STEPS: readonly ((peer: Peer) => void)[] = [
  (peer) => void peer.send(new Uint8Array(60)),
  (peer) => void peer.send(new Uint8Array(100_000)),
  (peer) => frames.forEach((frame) => peer.send(frame)),
  (peer) => peer.cork(() => frames.forEach((frame) => peer.send(frame))),
  // Nested, as when a replay that ends at once sends its last frame.
  (peer) => peer.cork(() => peer.cork(() => frames.forEach((frame) => peer.send(frame)))),
];

async function measure(peer: Peer): Promise<void> {
  const counts: number[] = [];
  for (const step of STEPS) {
    await Bun.sleep(1);
    const before = sends();
    step(peer);
    counts.push(sends() - before);
  }
  console.log(JSON.stringify(counts));
  process.exit(0);
}

const nothing = (): void => {};
const frontend = bunFrontend(
  {
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => new Response(),
    onUpgrade: () => ({
      accept: true,
      open(peer) {
        void measure(peer);
        return {
          onMessage: nothing,
          onText: nothing,
          onPing: nothing,
          onPong: nothing,
          onDrain: nothing,
          onClose: nothing,
        };
      },
    }),
    frameBytesMax: 1_000,
    onError: console.error,
  },
  realWorld.timers,
);
const page = new WebSocket(`ws://127.0.0.1:${frontend.port}/`);
page.addEventListener('error', () => process.exit(1));
