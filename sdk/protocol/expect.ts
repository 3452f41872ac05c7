/** A message came out of turn: send again from `next` on. */
import { message } from './message.ts';

export const expect = message('expect', 0x47, {
  /** Place of the client in hello's list. */
  client: 'varint',
  next: 'varint',
});
