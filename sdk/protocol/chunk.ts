/**
 * A stored piece of the log, sent as it lies in the archive: records `first` … `last`, one after
 * another, compressed as raw deflate. It may begin before the position asked for: skip what you have.
 */
import { message } from './message.ts';

export const chunk = message('chunk', 0x41, {
  first: 'varint',
  last: 'varint',
  deflated: 'bytes',
});
