import { expect, test } from 'bun:test';
import { lookAt, statusAnswer } from './status.ts';

const AT = 'http://127.0.0.1';

test('a process lives as long as it answers, whatever is wrong with its parts', () => {
  expect(statusAnswer(`${AT}/health`, { game: 'It cannot store.' }).status).toBe(200);
});

test('a balancer is told to stay away, and why, as long as a part is not well', async () => {
  const ill = statusAnswer(`${AT}/ready`, lookAt({ game: () => 'It cannot store.', web: () => null }));
  expect(ill.status).toBe(503);
  expect(await ill.json()).toEqual({ ready: false, faults: { game: 'It cannot store.' } });
  expect(statusAnswer(`${AT}/ready`, lookAt({ game: () => null })).status).toBe(200);
});

test('a process without pages has none, and one that is starting asks for a moment', () => {
  expect(statusAnswer(`${AT}/games`, {}).status).toBe(404);
  const starting = statusAnswer(`${AT}/games`, { start: 'The services are starting.' });
  expect(starting.status).toBe(503);
  expect(starting.headers.get('retry-after')).toBe('2');
});
