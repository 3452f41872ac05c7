/** Frame `signal`: sets a small transient value of the sender's seat (a cursor, "typing"). It is not logged. */
import { message } from './message.ts';

export const signal = message('signal', 0x22, {
  /** Up to SIGNAL_BYTES_MAX bytes, defined by the game; empty removes the value. */
  value: 'bytes',
});

export const SIGNAL_BYTES_MAX = 64;
