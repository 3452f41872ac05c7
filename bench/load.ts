/**
 * The load: all players of all rooms in one process, on the core that the server does not have.
 * Argument: the path of a plan (JSON, `LoadPlan`). Prints one line of JSON, `LoadReport`.
 *
 * Arrivals are spread evenly: message i is due at i / rate seconds, and the process spins on its
 * core rather than waking on a tick, because bursts would make group commit look free.
 */
import { Histogram } from './lib/histogram.ts';
import { escapementSpeech, relaySpeech, type Speech } from './lib/speech.ts';
import { openRaw, type RawSocket } from './lib/raw-socket.ts';

export interface LoadPlan {
  readonly port: number;
  readonly speech: 'relay' | 'escapement';
  /** Per room, per player: where to connect and, for Escapement, the ticket. */
  readonly rooms: readonly (readonly { readonly path: string; readonly ticket: string }[])[];
  /** Messages per second of all rooms together. */
  readonly rate: number;
  readonly bodyBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Cursor signals per second and player, for the share of players that move theirs. */
  readonly cursors: { readonly share: number; readonly perSecond: number } | null;
}

export interface LoadReport {
  readonly sent: number;
  readonly delivered: number;
  readonly expected: number;
  /** Deliveries out of order, twice, or missing. */
  readonly faults: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly seconds: number;
}

interface Player {
  readonly speech: Speech;
  socket: RawSocket;
}

const OPEN_AT_ONCE = 100;
const SETTLE_MS = 1_000;

const planPath = process.argv[2];
if (!planPath) throw new Error('the path of a plan is needed');
const plan = (await Bun.file(planPath).json()) as LoadPlan;
const latencies = new Histogram();
const measured = { on: false, sent: 0, delivered: 0, faults: 0 };

const rooms = await connectAll();
const everyone = rooms.flat();
// The parent reads the server's CPU between these two lines.
console.log('connected');
await spin(plan.warmUpMs);
measured.on = true;
console.log('measuring');
const began = performance.now();
await spin(plan.measureMs);
const seconds = (performance.now() - began) / 1000;
measured.on = false;
console.log('measured');
await Bun.sleep(SETTLE_MS);
const expected = measured.sent * (plan.rooms[0]?.length ?? 0);
const report: LoadReport = {
  sent: measured.sent,
  delivered: measured.delivered,
  expected,
  faults: measured.faults,
  p50: latencies.quantile(0.5),
  p99: latencies.quantile(0.99),
  max: latencies.max,
  seconds,
};
console.log(`report ${JSON.stringify(report)}`);
process.exit(0);

async function connectAll(): Promise<Player[][]> {
  const made: Player[][] = plan.rooms.map(() => []);
  const places = plan.rooms.flatMap((players, room) => players.map((player) => ({ room, player })));
  for (let from = 0; from < places.length; from += OPEN_AT_ONCE) {
    await Promise.all(
      places.slice(from, from + OPEN_AT_ONCE).map(async ({ room, player }) => {
        made[room]?.push(await join(player));
      }),
    );
  }
  return made;
}

function join({ path, ticket }: { path: string; ticket: string }): Promise<Player> {
  return new Promise((resolve, reject) => {
    const speech = plan.speech === 'relay' ? relaySpeech() : escapementSpeech(ticket);
    const ready = (socket: RawSocket): void => resolve({ speech, socket });
    let socket: RawSocket;
    void openRaw(plan.port, path, {
      opened(opened) {
        socket = opened;
        const hello = speech.hello();
        if (hello) socket.send(hello);
        else ready(socket);
      },
      message(payload) {
        const outcome = speech.heard(payload, delivered);
        if (outcome === 'live') ready(socket);
        else if (outcome === 'fault') measured.faults++;
      },
      closed: (why) => reject(new Error(`a player's socket closed: ${why}`)),
    });
  });
}

/** `stamp` is 0 for messages of the warm-up. */
function delivered(stamp: number): void {
  if (stamp === 0) return;
  measured.delivered++;
  latencies.add(performance.now() - stamp);
}

/** Sends what is due, again and again, until `ms` have passed. */
function spin(ms: number): Promise<void> {
  const start = performance.now();
  const body = new Uint8Array(plan.bodyBytes);
  const view = new DataView(body.buffer);
  let next = 0;
  let nextCursor = 0;
  const cursorRate = plan.cursors
    ? plan.cursors.share * plan.cursors.perSecond * rooms.length * (rooms[0]?.length ?? 0)
    : 0;
  return new Promise((resolve) => {
    const turn = (): void => {
      const elapsed = performance.now() - start;
      if (elapsed >= ms) return resolve();
      for (; next < (elapsed * plan.rate) / 1000; next++) {
        const room = rooms[next % rooms.length] as Player[];
        const player = room[Math.floor(next / rooms.length) % room.length] as Player;
        view.setFloat64(0, measured.on ? performance.now() : 0);
        player.socket.send(player.speech.move(body));
        if (measured.on) measured.sent++;
      }
      for (; nextCursor < (elapsed * cursorRate) / 1000; nextCursor++) moveCursor(nextCursor);
      setImmediate(turn);
    };
    turn();
  });
}

function moveCursor(index: number): void {
  const moving = Math.max(1, Math.floor(everyone.length * (plan.cursors?.share ?? 0)));
  const player = everyone[index % moving] as Player;
  const signal = player.speech.cursor(index);
  if (signal) player.socket.send(signal);
}
