/** The seats' last signals, those that changed since the last such frame; at most ten frames a second. */
import { message } from './message.ts';

export const signals = message('signals', 0x44, {
  changed: [{ seat: 'varint', value: 'bytes' }],
});
