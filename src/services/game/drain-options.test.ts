import { expect, test } from 'bun:test';
import { drainOptions } from './drain-options.ts';

test.each([
  [0, 1_000, 100],
  [2_500, 2_500, 100],
  [6_000, 6_000, 200],
  [40_000, 20_000, 1_334],
])(
  '%p sockets reconnect within %p ms and are closed %p at a time, every 100 ms',
  (sockets, windowMs, batch) => {
    expect(drainOptions(sockets)).toEqual({ windowMs, batch, everyMs: 100 });
  },
);
