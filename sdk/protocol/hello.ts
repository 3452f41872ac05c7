/** The first frame of every socket: who I am, what I hold, where I stopped. */
import { message } from './message.ts';

export const hello = message('hello', 0x20, {
  /** The protocol version the page speaks (`PROTOCOL_VERSION`). */
  version: 'varint',
  /** A ticket from the join call, or the resume pass of an earlier welcome. */
  credential: 'text',
  /**
   * The client ids this socket sends for: first the page's own, then those of outboxes it took over
   * from pages that are gone. `send` names them by their place in this list. At most CLIENTS_MAX.
   */
  clients: [{ id: 'id' }],
  /** The position reached: the epoch in which entry `seq` was written; 0 and 0 for a fresh page. */
  epoch: 'varint',
  seq: 'varint',
});

/** The most client ids in one hello: the page's own and seven outboxes. */
export const CLIENTS_MAX = 8;
