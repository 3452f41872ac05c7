/** Frame `presence`: all seats of the room, sent after each change. Names and colours are not in the log. */
import { message } from './message.ts';

export const presence = message('presence', 0x45, {
  /** `name` and `colour` ("#rrggbb") are empty if unknown; `online` is 1 if the seat has a socket, else 0. */
  seats: [{ seat: 'varint', name: 'text', colour: 'text', online: 'varint' }],
  /** Number of observers' sockets. */
  observers: 'varint',
});
