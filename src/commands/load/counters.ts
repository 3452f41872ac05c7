/** The counters of a load; one object for all rooms. */
import { Latencies } from './latencies.ts';

/** Ways in which a delivery can be wrong. */
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
 * missing: a player did not get an entry. twice: a player got an entry again. outOfOrder: an entry came after a later
 * one, or the messages of a sender in another order. different: two players got different entries with the same seq.
 * changed: a message is not what was sent. unknown: nobody sent the message, or a frame cannot be decoded. resets: the
 * server reset a player whose position was valid.
 */
export type Faults = Record<Fault, number>;

export class Counters {
  readonly faults: Faults = {
    missing: 0,
    twice: 0,
    outOfOrder: 0,
    different: 0,
    changed: 0,
    unknown: 0,
    resets: 0,
  };
  /** A description of the first one. */
  firstFault: string | null = null;
  /** Messages, without resends. */
  sent = 0;
  /** Deliveries: one for each message and player of its room. */
  delivered = 0;
  /** Messages that were due and not sent, because too many of their sender had no echo yet. */
  notSent = 0;
  /** By reason (sdk/protocol/refused.ts). */
  readonly refused = new Map<number, number>();
  /** Connections that the server closed, by close code; 1006 = without a close frame. */
  readonly closed = new Map<number, number>();
  /** Connections that the server declined with 503; each is retried. */
  declined = 0;
  /** Connections that the players cut on purpose, and connections that resumed at a position. */
  drops = 0;
  resumes = 0;
  /** Players that stopped reconnecting. */
  gaveUp = 0;
  /** `hold` and `expect` frames. */
  holds = 0;
  expects = 0;
  resent = 0;
  cursorsSent = 0;
  cursorsSeen = 0;
  /** Latencies from sending to receiving, ms, of players that read at full speed and were live, once all were connected. */
  readonly regular = new Latencies();
  /** All other latencies: to slow readers, around a drop, or while players connected. */
  readonly late = new Latencies();
  /** Latencies since the last progress line, of live players that read at full speed. */
  readonly second = new Latencies();
  /** How late messages were sent once all were connected, ms: the lag of the load generator itself. */
  readonly lag = new Latencies();

  /** `what` is part of a sentence: "room 3, player 2: entry 17 came twice". */
  fault(kind: Fault, what: string, count = 1): void {
    this.faults[kind] += count;
    this.firstFault ??= what;
  }

  get faultCount(): number {
    return FAULTS.reduce((all, kind) => all + this.faults[kind], 0);
  }
}

export function increment(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export function sum(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}
