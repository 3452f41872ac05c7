/** Everything that is counted during a load; one object for all rooms. */
import { Latencies } from './latencies.ts';

/** What a delivery can be that it must not be. */
export const FAULTS = [
  'missing',
  'twice',
  'outOfOrder',
  'different',
  'changed',
  'unknown',
  'resets',
] as const;
export type Fault = (typeof FAULTS)[number];

/**
 * missing: a player did not get an entry. twice: it got one again. outOfOrder: an entry came behind a later one, or
 * a sender's messages in another order. different: two players saw different things in one place. changed: not what
 * was sent. unknown: nobody sent it, or nobody can read it. resets: a position that must hold did not.
 */
export type Faults = Record<Fault, number>;

export class Tally {
  readonly faults: Faults = {
    missing: 0,
    twice: 0,
    outOfOrder: 0,
    different: 0,
    changed: 0,
    unknown: 0,
    resets: 0,
  };
  /** The first one, in words. */
  firstFault: string | null = null;
  /** Messages that were handed to a socket, each once. */
  sent = 0;
  /** Messages that arrived at a player, each once for each player of its room. */
  delivered = 0;
  /** Messages that were due and not sent, because too many of their sender's were without echo. */
  heldBack = 0;
  /** By reason (sdk/protocol/refused.ts). */
  readonly refused = new Map<number, number>();
  /** By close code; connections that the server ended. 1006 = without a code. */
  readonly closed = new Map<number, number>();
  /** Connections that the server declined with 503; each was tried again. */
  declined = 0;
  /** Connections that the clients cut on purpose, and positions with which one came back. */
  drops = 0;
  resumes = 0;
  /** Players that may not come back. */
  out = 0;
  /** Rooms told their players to hold, or where to go on. */
  holds = 0;
  expects = 0;
  resent = 0;
  cursorsSent = 0;
  cursorsSeen = 0;
  /** From sending to receiving, ms: of players that read and were there, once all were in. */
  readonly prompt = new Latencies();
  /** The others: to slow readers, around a drop, while players came in. */
  readonly late = new Latencies();
  /** Of players that read and were there, since the last look. */
  readonly second = new Latencies();
  /** How much later than planned a message was sent once all were in, ms: the generator's own lag. */
  readonly lag = new Latencies();

  /** `what` is a sentence's part: "room 3, player 2: entry 17 came twice". */
  fault(kind: Fault, what: string, count = 1): void {
    this.faults[kind] += count;
    this.firstFault ??= what;
  }

  get faultCount(): number {
    return FAULTS.reduce((all, kind) => all + this.faults[kind], 0);
  }
}

export function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export function sum(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}
