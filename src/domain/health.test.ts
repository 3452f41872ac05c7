/** Responses to the health probes of a load balancer. */
import { expect, test } from 'bun:test';
import { runChecks, healthResponse } from './health.ts';

const AT = 'http://127.0.0.1';

test('a process that responds is alive, whatever faults its parts have', () => {
  expect(healthResponse(`${AT}/health`, { game: 'It cannot store.' }).status).toBe(200);
});

test('a process is not ready while a part has a fault, and the response names the fault', async () => {
  const unready = healthResponse(
    `${AT}/ready`,
    runChecks({ game: () => 'It cannot store.', web: () => null }),
  );
  expect(unready.status).toBe(503);
  expect(await unready.json()).toEqual({ ready: false, faults: { game: 'It cannot store.' } });
  expect(healthResponse(`${AT}/ready`, runChecks({ game: () => null })).status).toBe(200);
});

test('other paths give 404, or 503 with Retry-After while the process starts', () => {
  expect(healthResponse(`${AT}/games`, {}).status).toBe(404);
  const starting = healthResponse(`${AT}/games`, { start: 'The services are starting.' });
  expect(starting.status).toBe(503);
  expect(starting.headers.get('retry-after')).toBe('2');
});
