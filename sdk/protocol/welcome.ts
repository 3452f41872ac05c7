/** Frame `welcome`: the response to `hello`. The replay follows (chunks and records), then `live`. */
import { message } from './message.ts';

export const welcome = message('welcome', 0x40, {
  /** The protocol version of this socket: the page's. */
  version: 'varint',
  /** 1 = the position is valid, and only later entries follow; 0 = discard everything, all entries follow. */
  resumed: 'varint',
  /** The room's current epoch and its durable head. */
  epoch: 'varint',
  seq: 'varint',
  seat: 'varint',
  /** 0 = player, 1 = observer (may not send). */
  role: 'varint',
  /** In the order of the hello: the client's number in the room (0 = none yet) and its last durable client seq. */
  clients: [{ number: 'varint', lastSeq: 'varint' }],
  /** Valid for 12 hours in place of a ticket, at any host. */
  pass: 'text',
  /** Milliseconds since the room began. */
  roomMs: 'varint',
  /** Interval of heartbeats, in milliseconds. */
  heartbeatMs: 'varint',
  /** The seat's token bucket: messages per second, and how many at once now. */
  rate: 'varint',
  burst: 'varint',
  /** Maximum length of a message's body, in bytes. */
  bodyMax: 'varint',
});

export const Role = { player: 0, observer: 1 } as const;
export type Role = (typeof Role)[keyof typeof Role];
