/** A small transient value of the sender's seat (a cursor, "typing"); never logged, the last one wins. */
import { message } from './message.ts';

export const signal = message('signal', 0x22, {
  /** Up to SIGNAL_BYTES_MAX bytes whose meaning is the game's; empty takes the value away. */
  value: 'bytes',
});

export const SIGNAL_BYTES_MAX = 64;
