/** The room cannot store right now (1) or can again (0). Nothing shown is lost; keep unsent moves. */
import { message } from './message.ts';

export const hold = message('hold', 0x46, {
  on: 'varint',
});
