/** Frame `hold`: the room cannot store messages now (1), or it can again (0). Pages keep what is not echoed. */
import { message } from './message.ts';

export const hold = message('hold', 0x46, {
  on: 'varint',
});
