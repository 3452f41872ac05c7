/** Frame `refused`: a message was not accepted. Its client seq is not used up; the page drops the message. */
import { message } from './message.ts';

export const refused = message('refused', 0x48, {
  client: 'varint',
  clientSeq: 'varint',
  reason: 'varint',
});

export const RefusedReason = {
  /** Observers may not send. */
  observer: 1,
  /** The body is longer than the welcome's `bodyMax`. */
  tooLarge: 2,
  /** A kind that players may not send. */
  kind: 3,
  /** The room has reached its maximum number of entries or bytes. */
  roomFull: 4,
  /** The room has reached its maximum number of clients. */
  tooManyClients: 5,
  /** The client id belongs to another seat, so this seat cannot send that page's messages. */
  otherSeat: 6,
} as const;
/** For this reason and higher ones, the client's later messages would be refused, too. */
export const REFUSED_FOR_GOOD = 4;
export type RefusedReason = (typeof RefusedReason)[keyof typeof RefusedReason];
