/** Frame `ping`: the server responds at once with a heartbeat that has the same token. */
import { message } from './message.ts';

export const ping = message('ping', 0x23, {
  /** Any number except 0. */
  token: 'varint',
});
