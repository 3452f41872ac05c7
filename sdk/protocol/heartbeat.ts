/** The server lives, and this is the room's durable head: a page that has less and gets nothing resyncs. */
import { message } from './message.ts';

export const heartbeat = message('heartbeat', 0x43, {
  epoch: 'varint',
  seq: 'varint',
  roomMs: 'varint',
  /** The token of the ping that this answers, 0 if none. */
  token: 'varint',
});
