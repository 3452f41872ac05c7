/** The report of a load. */
import { beforeEach, expect, test } from 'bun:test';
import { readPlan } from './options.ts';
import { bottleneck, isCorrect, type Outcome, reportJson, reportLines, sentence } from './report.ts';
import { increment, Counters } from './counters.ts';

let counters: Counters;
beforeEach(() => {
  counters = new Counters();
  counters.sent = 1_000;
  counters.delivered = 4_000;
  for (let at = 1; at <= 4_000; at++) counters.regular.add(at <= 2_000 ? 1.5 : 9);
});

function outcome(part: Partial<Outcome> = {}): Outcome {
  return {
    plan: readPlan(['--rooms', '2400']),
    counters,
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

test('a correct load ends with a sentence for people', () => {
  expect(isCorrect(outcome())).toBe(true);
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

test('an incorrect load names what is wrong, and the first fault', () => {
  counters.fault('missing', 'room 3, player 2: entry 17 followed entry 15', 2);
  counters.fault('twice', 'room 4, player 1: entry 3 came twice');
  expect(isCorrect(outcome())).toBe(false);
  expect(sentence(outcome())).toBe(
    '2,400 rooms: NOT every message arrived correctly: 2 missing, 1 twice. The first: room 3, player 2: entry 17 followed entry 15.',
  );
});

test.each([
  ['messages that were refused', () => increment(counters.refused, 4)],
  ['players that gave up', () => void (counters.gaveUp = 1)],
  ['no delivery at all', () => void (counters.delivered = 0)],
])('%s make a load incorrect', (_, breakIt) => {
  breakIt();
  expect(isCorrect(outcome())).toBe(false);
  expect(sentence(outcome())).toMatch(/NOT every message|there is no result/);
});

test('the report says if the generator was the limit or late, and if the folder is in memory', () => {
  expect(bottleneck(outcome())).toBe(null);
  expect(bottleneck(outcome({ generatorCores: 0.95 }))).toContain('itself was the limit');
  counters.lag.add(8);
  expect(bottleneck(outcome())).toContain("the load generator's own: it sent up to 8 ms late");
  counters.notSent = 5;
  expect(reportLines(outcome()).join('\n')).toContain(
    '5 messages were not sent, because 64 of their sender had no echo yet',
  );
  const inMemory = reportLines(outcome({ folder: { path: '/tmp/x', inMemory: true } }));
  expect(inMemory.join('\n')).toContain('/tmp/x, which is in memory');
});

test('the JSON has all counters', () => {
  increment(counters.closed, 4_001);
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
