/** Frame `drain`: this host is about to close its sockets; reconnect at a random time within the window. */
import { message } from './message.ts';

export const drain = message('drain', 0x49, {
  /** Milliseconds over which the pages spread their reconnects. */
  windowMs: 'varint',
});
