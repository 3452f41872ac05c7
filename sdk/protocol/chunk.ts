/**
 * Frame `chunk`: the records `first` to `last`, concatenated and compressed as raw deflate (RFC 1951),
 * sent as stored in the archive. It may begin before the page's position; the page skips those records.
 */
import { message } from './message.ts';

export const chunk = message('chunk', 0x41, {
  first: 'varint',
  last: 'varint',
  deflated: 'bytes',
});
