/** Frame `hello`: the first frame of every socket, with the credential, the client ids and the position. */
import { message } from './message.ts';

export const hello = message('hello', 0x20, {
  /** The protocol version of the page (`PROTOCOL_VERSION`). */
  version: 'varint',
  /** The ticket of a join call, or the pass of an earlier welcome. */
  credential: 'text',
  /**
   * The client ids this socket sends for: first the page's own, then those of closed pages whose
   * outboxes this page took over. `send` refers to them by index in this list. At most CLIENTS_MAX.
   */
  clients: [{ id: 'id' }],
  /** The page's position: its last seq, and the epoch in which that entry was written; 0 and 0 if it has none. */
  epoch: 'varint',
  seq: 'varint',
});

/** Maximum number of client ids in one hello: the page's own and seven that it took over. */
export const CLIENTS_MAX = 8;
