/** Who sits here: all seats, each time something changed. Names and colours are never in the log. */
import { message } from './message.ts';

export const presence = message('presence', 0x45, {
  seats: [{ seat: 'varint', name: 'text', colour: 'text', online: 'varint' }],
  /** How many sockets only watch. */
  observers: 'varint',
});
