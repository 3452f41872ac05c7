/** Every frame a page may send. This list is the table of contents of the upward half. */
import { hello } from './hello.ts';
import { ping } from './ping.ts';
import { SEND } from './send.ts';
import { signal } from './signal.ts';

export const UP = [hello, signal, ping] as const;

/** The hand-written frame, described as the others describe themselves. */
export const UP_BY_HAND = [
  `${SEND.toString(16)} send(client:varint, clientSeq:varint, kind:byte, body:rest)`,
] as const;
