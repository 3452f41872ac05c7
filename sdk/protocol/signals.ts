/** Frame `signals`: the seats' values that changed since the last such frame; at most ten frames per second. */
import { message } from './message.ts';

export const signals = message('signals', 0x44, {
  changed: [{ seat: 'varint', value: 'bytes' }],
});
