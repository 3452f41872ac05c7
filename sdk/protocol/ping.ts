/** "Are you there?" The server answers at once with a heartbeat that carries the same number. */
import { message } from './message.ts';

export const ping = message('ping', 0x23, {
  /** Any number but 0; comes back in the heartbeat. */
  token: 'varint',
});
