/**
 * Every control frame a server may send. A records frame is not in this list: it has no type byte, its
 * first byte is the version byte (1) of its first record, and it holds one or more records as in the log.
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
