/**
 * Every frame a server may send. A frame whose first byte is 1 (the version of the record encoding)
 * is not in this list: it is one or more records, one after another, just as the log holds them.
 */
import { chunk } from './chunk.ts';
import { drain } from './drain.ts';
import { expect } from './expect.ts';
import { heartbeat } from './heartbeat.ts';
import { hold } from './hold.ts';
import { live } from './live.ts';
import { presence } from './presence.ts';
import { refused } from './refused.ts';
import { signals } from './signals.ts';
import { welcome } from './welcome.ts';

export const DOWN = [
  welcome,
  chunk,
  live,
  heartbeat,
  signals,
  presence,
  hold,
  expect,
  refused,
  drain,
] as const;
