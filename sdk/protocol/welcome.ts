/** The answer to hello. What follows is replay (chunks and records), then `live`. */
import { message } from './message.ts';

export const welcome = message('welcome', 0x40, {
  /** The protocol version the server will speak: the page's, if it serves it. */
  version: 'varint',
  /** 1 = your position holds and only what is missing follows; 0 = forget everything, all of it follows. */
  resumed: 'varint',
  /** The room's present epoch and its durable head. */
  epoch: 'varint',
  seq: 'varint',
  seat: 'varint',
  /** 0 = player, 1 = observer (reads only). */
  role: 'varint',
  /** In the order of hello: the client's number in the room (0 = none yet) and its last durable client seq. */
  clients: [{ number: 'varint', lastSeq: 'varint' }],
  /** Good for 12 hours instead of a ticket, at any host. */
  pass: 'text',
  /** Milliseconds since the room began, now. */
  roomMs: 'varint',
  /** A heartbeat comes at least this often, in milliseconds. */
  heartbeatMs: 'varint',
  /** The sender's allowance: messages per second in the long run, and how many at once. */
  rate: 'varint',
  burst: 'varint',
  /** The largest body of a message, in bytes. */
  bodyMax: 'varint',
});

export const Role = { player: 0, observer: 1 } as const;
export type Role = (typeof Role)[keyof typeof Role];
