/** Replay is over; from here on every record is news. Comes once per socket. */
import { message } from './message.ts';

export const live = message('live', 0x42, {
  /** The seq up to which the replay went. */
  seq: 'varint',
});
