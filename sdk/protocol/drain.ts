/** This host is about to close: come back within a random moment of the window. */
import { message } from './message.ts';

export const drain = message('drain', 0x49, {
  /** Milliseconds over which reconnects should spread. */
  windowMs: 'varint',
});
