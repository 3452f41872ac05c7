/** Every frame a page may send. */
import { hello } from './hello.ts';
import { ping } from './ping.ts';
import { SEND } from './send.ts';
import { signal } from './signal.ts';

export const UP = [hello, signal, ping] as const;

/** The schema line of `send`, which has a hand-written encoder and decoder. */
export const UP_CUSTOM = [
  `${SEND.toString(16)} send(client:varint, clientSeq:varint, kind:byte, body:rest)`,
] as const;
