/** What a load says at its end. */
import { beforeEach, expect, test } from 'bun:test';
import { readPlan } from './options.ts';
import { bottleneck, isRight, type Outcome, reportJson, reportLines, sentence } from './report.ts';
import { add, Tally } from './tally.ts';

let tally: Tally;
beforeEach(() => {
  tally = new Tally();
  tally.sent = 1_000;
  tally.delivered = 4_000;
  for (let at = 1; at <= 4_000; at++) tally.prompt.add(at <= 2_000 ? 1.5 : 9);
});

function outcome(part: Partial<Outcome> = {}): Outcome {
  return {
    plan: readPlan(['--rooms', '2400']),
    tally,
    players: 9_600,
    playedMs: 10_000,
    playedMessages: 900,
    settled: true,
    stoppedEarly: false,
    server: { cores: 0.5, residentMb: 80 },
    generatorCores: 0.2,
    folder: { path: '/tmp/x', inMemory: false },
    ...part,
  };
}

test('a right one ends with a sentence that a human understands', () => {
  expect(isRight(outcome())).toBe(true);
  expect(sentence(outcome())).toBe(
    '2,400 rooms: every message arrived once and in order; half of them within 1.5 ms, 99 of 100 within 9 ms.',
  );
  const lines = reportLines(outcome());
  expect(lines.at(-1)).toBe(sentence(outcome()));
  expect(lines.join('\n')).toMatch(
    /to 2 ms +50\.00 % {2}█{40}\n +to 5 ms +0\.00 % *\n +to 10 ms +50\.00 % {2}█{40}\n/,
  );
  expect(lines.join('\n')).toContain('1,000 messages (90/s), 4,000 deliveries (360/s)');
});

test('a wrong one names what is wrong, and the first fault', () => {
  tally.fault('missing', 'room 3, player 2: entry 17 came behind entry 15', 2);
  tally.fault('twice', 'room 4, player 1: entry 3 came twice');
  expect(isRight(outcome())).toBe(false);
  expect(sentence(outcome())).toBe(
    '2,400 rooms: NOT every message arrived as it must: 2 missing, 1 twice. The first: room 3, player 2: entry 17 came behind entry 15.',
  );
});

test.each([
  ['messages that were refused', () => add(tally.refused, 4)],
  ['players that may not come back', () => void (tally.out = 1)],
  ['no delivery at all', () => void (tally.delivered = 0)],
])('%s are not right', (_, spoil) => {
  spoil();
  expect(isRight(outcome())).toBe(false);
  expect(sentence(outcome())).toMatch(/NOT every message|nothing is known/);
});

test('it says when the generator was the limit, or late, or the server was, or the folder is in memory', () => {
  expect(bottleneck(outcome())).toBe(null);
  expect(bottleneck(outcome({ generatorCores: 0.95 }))).toContain('itself was the limit');
  tally.lag.add(8);
  expect(bottleneck(outcome())).toContain("the load generator's own: it was up to 8 ms late");
  tally.heldBack = 5;
  expect(reportLines(outcome()).join('\n')).toContain(
    "5 messages were not sent, because 64 of their sender's",
  );
  const inMemory = reportLines(outcome({ folder: { path: '/tmp/x', inMemory: true } }));
  expect(inMemory.join('\n')).toContain('/tmp/x, which is in memory');
});

test('the JSON has everything that was counted', () => {
  add(tally.closed, 4_001);
  const report = JSON.parse(reportJson(outcome()));
  expect(report).toMatchObject({
    format: 1,
    right: true,
    players: 9_600,
    closed: { 4001: 1 },
    closedForGood: [],
    prompt: { count: 4_000, max: 9 },
    server: { cores: 0.5 },
  });
  expect(Object.keys(report.prompt)).toEqual(['count', 'p50', 'p90', 'p99', 'p999', 'max', 'histogram']);
});
