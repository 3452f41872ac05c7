/** This message is not taken; its client seq is still free. The page drops it or says so to the player. */
import { message } from './message.ts';

export const refused = message('refused', 0x48, {
  client: 'varint',
  clientSeq: 'varint',
  reason: 'varint',
});

export const RefusedReason = {
  /** Observers read only. */
  observer: 1,
  /** The body is larger than the welcome allows. */
  tooLarge: 2,
  /** A kind that players do not send. */
  kind: 3,
  /** The room has reached its total of entries or bytes. */
  roomFull: 4,
  /** The room has reached its number of clients. */
  tooManyClients: 5,
  /** The client id belongs to another seat: moves of a page that sat elsewhere cannot be sent from here. */
  otherSeat: 6,
} as const;
/** From this reason on what the client sent behind it would fare no better. */
export const REFUSED_FOR_GOOD = 4;
export type RefusedReason = (typeof RefusedReason)[keyof typeof RefusedReason];
