/** Frame `live`: the replay is complete; every later record is new. Sent once per socket. */
import { message } from './message.ts';

export const live = message('live', 0x42, {
  /** The last seq of the replay. */
  seq: 'varint',
});
