/** Frame `heartbeat`: the room's durable head. A page that stays behind it reconnects with its position. */
import { message } from './message.ts';

export const heartbeat = message('heartbeat', 0x43, {
  epoch: 'varint',
  seq: 'varint',
  roomMs: 'varint',
  /** The token of the ping that this is the response to; 0 for a periodic heartbeat. */
  token: 'varint',
});
