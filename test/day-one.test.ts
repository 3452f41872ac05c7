/**
 * Eighteen faults that other message servers had in production, and the tests that check each of them here.
 * When such a test is renamed or moved, change its entry; a missing test fails.
 */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const GAME = 'src/services/game';
const SDK = 'sdk/src';

/** Fault → file and exact title of each of its tests. */
const FAULTS: { readonly [fault: string]: readonly (readonly [file: string, name: string])[] } = {
  'late close of superseded socket': [
    [`${GAME}/socket/hello.test.ts`, 'P40 the late close of a superseded socket does not hurt the new one'],
    [`${SDK}/reconnect.test.ts`, 'late close of a superseded socket: the new connection stays'],
  ],
  'first frame before room loaded': [
    [
      `${GAME}/socket/hello.test.ts`,
      'P13 frames that come before the room is loaded are queued and processed in order',
    ],
    [
      `${SDK}/replay.test.ts`,
      'frames that arrive together with the welcome, before a listener is added, are not lost',
    ],
  ],
  'bad reconnect token leaves timers intact': [
    [
      `${GAME}/day-one.test.ts`,
      'bad reconnect token leaves timers intact: an empty room is released on time, and its player can join again',
    ],
    [
      `${SDK}/reconnect.test.ts`,
      'a pass rejected with a stop code: the page stops with the code and leaves no timer',
    ],
  ],
  'replay while app unsubscribes': [
    [`${GAME}/replay/replay.test.ts`, 'a socket that closes during its replay is sent nothing more'],
    [`${SDK}/replay.test.ts`, 'a session closed during replay applies nothing and notifies no listener'],
  ],
  'resend after ack lost (before and after restart)': [
    [
      `${GAME}/day-one.test.ts`,
      'resend after ack lost, before a restart and after it: each move is accepted once',
    ],
    [
      `${GAME}/replay/resume.test.ts`,
      'P38 a resend is harmless after a restart, whether its echo was seen or not',
    ],
    [
      `${SDK}/outbox.test.ts`,
      'resend after ack lost: the echo comes with the resume and the move counts once',
    ],
    [`${SDK}/outbox.test.ts`, 'resend after ack lost, server restarted in between: the move counts once'],
  ],
  'epoch change with higher or lower offset': [
    [
      `${GAME}/day-one.test.ts`,
      'epoch change with higher offset: a page with a position beyond the head is reset and gets all records',
    ],
    [
      `${GAME}/day-one.test.ts`,
      'epoch change with lower offset: a page with a position of the old epoch gets only the missing records',
    ],
    [
      `${SDK}/reconnect.test.ts`,
      'epoch change with a lower head: reset, and the page shows the old state until the replay is complete',
    ],
  ],
  'quiet room longer than any window': [
    [
      `${GAME}/room/lifecycle.test.ts`,
      'a room with a socket is not released, however long no message is sent',
    ],
    [`${SDK}/reconnect.test.ts`, 'a quiet room: after an hour without a record the page resumes'],
  ],
  'zero-event reconnect': [
    [
      `${GAME}/replay/resume.test.ts`,
      'P26 zero events: a page of a room without moves reconnects and is resumed',
    ],
    [`${SDK}/reconnect.test.ts`, 'reconnect without new records: nothing is replayed'],
  ],
  'token fetch fails once': [
    [`${SDK}/reconnect.test.ts`, 'token fetch fails once: the page tries again and connects'],
  ],
  'close reason of 200 bytes': [
    ['src/ports/frontend/frontend.bun.test.ts', 'a close reason of 200 bytes still closes'],
    ['sdk/protocol/close-codes.test.ts', 'P59 every reason fits into a close frame and is not empty'],
  ],
  '6 MB message': [
    [
      `${GAME}/socket/sockets.test.ts`,
      'P51 6 MB message: its sender is closed with 1009, what it sent before is kept, the others play on',
    ],
    [`${SDK}/outbox.test.ts`, '6 MB message: rejected by the page, and the next one is sent'],
  ],
  'slow reader during replay': [
    [
      `${GAME}/replay/replay.test.ts`,
      'P23 a replay waits for a slow reader, and closes a socket that reads nothing for a minute',
    ],
    [
      `${GAME}/socket/sockets.test.ts`,
      'P23 P54 a page that reads slowly is replayed megabytes and is not cut off',
    ],
  ],
  'power loss between write and fsync': [
    [
      `${GAME}/day-one.test.ts`,
      'power loss between write and fsync (${loss} lost): no echo was sent, and the resent move is accepted once',
    ],
  ],
  'torn last record': [
    [
      `${GAME}/day-one.test.ts`,
      'torn last record: what was echoed is kept, anything else is kept as a whole or not at all, and play goes on',
    ],
  ],
  'two hosts claim one room': [
    [
      `${GAME}/room/lifecycle.test.ts`,
      'two processes with one slot name: the second fences the first, and the room keeps one log',
    ],
  ],
  'drain during group commit': [
    [`${GAME}/room/lifecycle.test.ts`, 'P60 draining while an append is in flight loses no accepted message'],
  ],
  'hidden tab timer throttle': [
    [
      `${SDK}/liveness-monitor.test.ts`,
      'throttled timers of a hidden tab: timers once a minute do not end a healthy socket',
    ],
  ],
  'reconnect storm with per-IP limits': [
    [
      `${GAME}/socket/admission-control.test.ts`,
      'P55 reconnect storm with per-address limits: a school of 300 reconnects three times in a row, and no socket is declined',
    ],
    [
      `${SDK}/reconnect.test.ts`,
      'reconnect storm: full jitter spreads the pages, and the backoff doubles up to its maximum',
    ],
  ],
};

test('the list has its eighteen faults', () => {
  expect(Object.keys(FAULTS)).toHaveLength(18);
});

for (const [fault, tests] of Object.entries(FAULTS)) {
  test(`${fault}: its tests exist`, () => {
    for (const [file, name] of tests) {
      const source = readFileSync(join(import.meta.dir, '..', file), 'utf8');
      const names = [...source.matchAll(/\btest\(\s*(['`])(.*?)\1,/gs)].map(([, , each]) => each);
      expect(names, file).toContain(name);
    }
  });
}
