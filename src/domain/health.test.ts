import { expect, test } from 'bun:test';
import { runChecks, healthResponse } from './health.ts';

const AT = 'http://127.0.0.1';

test('a process lives as long as it answers, whatever is wrong with its parts', () => {
  expect(healthResponse(`${AT}/health`, { game: 'It cannot store.' }).status).toBe(200);
});

test('a balancer is told to stay away, and why, as long as a part is not well', async () => {
  const ill = healthResponse(`${AT}/ready`, runChecks({ game: () => 'It cannot store.', web: () => null }));
  expect(ill.status).toBe(503);
  expect(await ill.json()).toEqual({ ready: false, faults: { game: 'It cannot store.' } });
  expect(healthResponse(`${AT}/ready`, runChecks({ game: () => null })).status).toBe(200);
});

test('a process without pages has none, and one that is starting asks for a moment', () => {
  expect(healthResponse(`${AT}/games`, {}).status).toBe(404);
  const starting = healthResponse(`${AT}/games`, { start: 'The services are starting.' });
  expect(starting.status).toBe(503);
  expect(starting.headers.get('retry-after')).toBe('2');
});
