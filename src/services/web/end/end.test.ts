import { afterEach, beforeEach, describe, expect, test, setDefaultTimeout } from 'bun:test';
import { freeTeam, type Visitor, visitor } from '../../../../test/support/clients/visitor.ts';
import { openWeb, sampleRelease, type WebFixture } from '../../../../test/support/in-process/web-fixture.ts';
import { storeResult } from '../../../ports/main-db/queries/results.ts';

// The first test builds the assets, which can take longer than the default timeout on a busy machine.
setDefaultTimeout(30_000);

let web: WebFixture;
let ada: Visitor;
let room: string;
/** `/e/<token>` */
let page: string;
beforeEach(async () => {
  const names = 'releases/sample-hour/en.json';
  web = await openWeb({ releases: [sampleRelease({ locales: { en: names } })] });
  await web.deps.files.put(
    names,
    new TextEncoder().encode('{"puzzle.safe":"The <safe>"}'),
    'application/json',
  );
  ada = visitor(web);
  const path = (await ada.post(`${await freeTeam(web)}/enter`)).headers.get('Location') ?? '';
  room = path.slice('/r/'.length);
  const row = await web.db.read
    .selectFrom('rooms')
    .select('end_token')
    .where('id', '=', room)
    .executeTakeFirstOrThrow();
  page = `/e/${row.end_token}`;
});
afterEach(() => web.stop());

async function storeFor(name: string, durationMs: number, finished = 1): Promise<void> {
  const detail = JSON.stringify({ puzzles: [{ id: 'safe', atMs: 60_000, tookMs: 60_000 }] });
  await web.db.write((tx) =>
    storeResult(tx, {
      room: name,
      game: 'sample-hour',
      rules_hash: 'rules-1',
      finished,
      duration_ms: durationMs,
      hints: 1,
      players: 2,
      detail,
      computed_at: 0,
    }),
  );
}

/** Rooms of other teams, each with a result. */
async function otherTeams(durations: readonly number[]): Promise<void> {
  for (const duration of durations) {
    const path = (await visitor(web).post(`${await freeTeam(web)}/enter`)).headers.get('Location') ?? '';
    await storeFor(path.slice('/r/'.length), duration);
  }
}

const results = async () =>
  (await ada.get(`/api/results/${page.slice('/e/'.length)}`)).json() as Promise<unknown>;

describe('the end page', () => {
  test('opens before there is a result and says so', async () => {
    const response = await ada.get(page);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('being worked out');
    expect(await results()).toEqual({ state: 'waiting' });
  });

  test('shows the stored result without script: time, hints, puzzles by name, escaped', async () => {
    await storeFor(room, 125_000);
    const html = await (await ada.get(page)).text();
    expect(html).toContain('2:05');
    expect(html).toContain('hint taken');
    expect(html).toContain('The &lt;safe&gt;');
  });

  test('with fewer than five other finished teams it says so instead of comparing', async () => {
    await storeFor(room, 100_000);
    await otherTeams([90_000, 200_000, 300_000, 400_000]);
    expect(await results()).toMatchObject({ data: { comparison: { state: 'few', teams: 4 } } });
    expect(await (await ada.get(page)).text()).toContain('too few to compare');
  });

  test('with five others it shows the share of them that was slower', async () => {
    await storeFor(room, 100_000);
    await otherTeams([90_000, 100_000, 200_000, 300_000, 400_000]);
    const known = { state: 'known', teams: 5, slowerPercent: 70 };
    expect(await results()).toMatchObject({ state: 'ready', data: { comparison: known } });
    expect(await (await ada.get(page)).text()).toContain('Faster than 70 % of 5 teams');
  });

  test('the slowest team does not read "faster than 0 %"', async () => {
    await storeFor(room, 900_000);
    await otherTeams([1, 2, 3, 4, 5]);
    const html = await (await ada.get(page)).text();
    expect(html).toContain('5 other teams have finished');
    expect(html).not.toContain('0 %');
  });

  test('a team that did not finish is not compared', async () => {
    await storeFor(room, 100_000, 0);
    const html = await (await ada.get(page)).text();
    expect(html).toContain('As far as you came');
    expect(html).not.toContain('end-comparison');
  });

  test('the card is served once it has been drawn, and for this page only', async () => {
    expect((await ada.get(`${page}/card.png`)).status).toBe(404);
    await web.deps.files.put(`cards/${room}.png`, new Uint8Array([1, 2, 3]), 'image/png');
    const card = await ada.get(`${page}/card.png`);
    expect(card.headers.get('Content-Type')).toBe('image/png');
    expect(new Uint8Array(await card.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]));
  });

  test('a token that was never issued opens nothing', async () => {
    const wrong = `${page.slice(0, -1)}${page.endsWith('a') ? 'b' : 'a'}`;
    expect((await ada.get(wrong)).status).toBe(404);
    expect((await ada.get(`/api/results/${wrong.slice('/e/'.length)}`)).status).toBe(404);
    expect((await ada.get('/e/x')).status).toBe(404);
    expect((await ada.get(`${wrong}/card.png`)).status).toBe(404);
  });

  test('opening it changes nothing', async () => {
    const before = await web.counts();
    await Promise.all([ada.get(page), results(), ada.get(`${page}/card.png`)]);
    expect(await web.counts()).toEqual(before);
  });
});
