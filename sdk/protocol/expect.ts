/** Frame `expect`: a message was out of order; send again from `next` on. */
import { message } from './message.ts';

export const expect = message('expect', 0x47, {
  /** Index of the client in the hello's list. */
  client: 'varint',
  next: 'varint',
});
