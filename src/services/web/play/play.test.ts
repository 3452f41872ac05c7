import { afterEach, beforeEach, describe, expect, test, setDefaultTimeout } from 'bun:test';
import { freeTeam, type Visitor, visitor } from '../../../../test/support/clients/visitor.ts';
import { openWeb, sampleRelease, type WebFixture } from '../../../../test/support/in-process/web-fixture.ts';
import { readPass } from '../../../domain/pass.ts';
import { rotateLink } from '../../../ports/main-db/queries/entitlements.ts';
import { bootHost } from '../../../ports/main-db/queries/hosts.ts';
import { publishRelease } from '../../../ports/main-db/queries/releases.ts';
import { newestReports } from '../../../ports/main-db/queries/reports.ts';
import { quarantineRoom } from '../../../ports/main-db/queries/rooms.ts';
import { host } from '../../../ports/main-db/queries/rows.fixture.ts';
import type { PlayData } from './play-data.ts';

// The first test builds the assets, which can take longer than the default timeout on a busy machine.
setDefaultTimeout(30_000);

let web: WebFixture;
let ada: Visitor;
/** `/r/<room>` and the room's id. */
let page: string;
let room: string;
beforeEach(async () => {
  web = await openWeb();
  ada = visitor(web);
  page = (await ada.post(`${await freeTeam(web)}/enter`, { name: 'Ada' })).headers.get('Location') ?? '';
  room = page.slice('/r/'.length);
});
afterEach(() => web.stop());

async function dataOf(who: Visitor): Promise<PlayData> {
  const html = await (await who.get(page)).text();
  const [, json = ''] = /id="play-data"[^>]*>([^<]*)</.exec(html) ?? [];
  return JSON.parse(json) as PlayData;
}

async function publishAgain(id: string, rulesHash: string): Promise<void> {
  web.world.advance(1_000);
  await web.db.write((tx) =>
    publishRelease(tx, {
      id,
      game: 'sample-hour',
      rules_hash: rulesHash,
      api: 1,
      manifest: sampleRelease({ client: `releases/sample-hour/${id}.js` }),
      published_at: web.world.clock.now(),
    }),
  );
}

describe('the play page', () => {
  test('carries the data for its script, and a ticket for this device and seat', async () => {
    const data = await dataOf(ada);
    expect(data).toMatchObject({ room, api: 1, locale: 'en', title: 'The Sample Hour' });
    expect(data.endPage).toMatch(/^\/e\/[\w-]{32}$/);
    if (!data.join.ok) throw new Error(data.join.code);
    expect(data.join.socket).toBe(`/h/h1/r/${room}/ws`);
    const read = readPass(data.join.ticket, web.deps.keys.pass, web.world.clock.now());
    expect(read.ok && read.claims).toMatchObject({ room, seat: 1, observer: false, generation: 0 });
  });

  test('is stored by no cache, and contains nothing that the security policy would block', async () => {
    const response = await ada.get(page);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    const html = await response.text();
    expect(html).not.toMatch(/\sstyle="|\son[a-z]+="|<script>(?!<\/script>)/);
  });

  test('without a seat it says what to do and reveals nothing of the game', async () => {
    const stranger = visitor(web);
    const response = await stranger.get(page);
    const html = await response.text();
    expect(response.status).toBe(403);
    expect(html).toContain('no-seat');
    expect(html).not.toContain('play-data');
    for (const unknown of ['/r/aaaaaaaaaaaaaaaaaaaa', '/r/x']) {
      expect((await stranger.get(unknown)).status).toBe(404);
    }
  });

  test('a room uses the newest release with its own rules, not a newer one with other rules', async () => {
    await publishAgain('mended', 'rules-1');
    await publishAgain('other-rules', 'rules-2');
    expect((await dataOf(ada)).client).toBe('/files/releases/sample-hour/mended.js');
  });
});

describe('the join call', () => {
  const join = async (who: Visitor): Promise<unknown> =>
    (await who.json(`/api/rooms/${room}/join`, {})).json();

  const refusal = async (who: Visitor): Promise<string> => JSON.stringify(await join(who));

  test('returns a ticket that is valid for one minute', async () => {
    const { ticket } = (await join(ada)) as { ok: true; ticket: string };
    const now = web.world.clock.now();
    expect(readPass(ticket, web.deps.keys.pass, now + 59_999).ok).toBe(true);
    expect(readPass(ticket, web.deps.keys.pass, now + 60_000).ok).toBe(false);
  });

  test('names the slot that owns the room now', async () => {
    await web.db.write((tx) => bootHost(tx, host('h7', 'boot of h7'), null));
    await web.db.write((tx) => tx.updateTable('room_owners').set({ slot: 'h7' }).execute());
    expect(await join(ada)).toMatchObject({ ok: true, socket: `/h/h7/r/${room}/ws` });
  });

  test('refuses a page without a seat, and a page of a quarantined room, with next: stop', async () => {
    expect(await refusal(visitor(web))).toBe('{"ok":false,"code":"no-seat","next":"stop","then":"stop"}');
    await web.db.write((tx) => quarantineRoom(tx, room, 'damaged'));
    expect(await refusal(ada)).toBe('{"ok":false,"code":"room-broken","next":"stop","then":"stop"}');
  });

  test('an observer whose link was replaced since is refused', async () => {
    const path = await freeTeam(web);
    const own = (await visitor(web).post(`${path}/enter`)).headers.get('Location') ?? '';
    room = own.slice('/r/'.length);
    const observer = visitor(web);
    await observer.post(`${path}/watch`);
    expect(await join(observer)).toMatchObject({ ok: true });
    const { entitlement } = await web.db.read
      .selectFrom('rooms')
      .select('entitlement')
      .where('id', '=', room)
      .executeTakeFirstOrThrow();
    const link = { secret_hash: 'new', secret_sealed: '' };
    await web.db.write((tx) => rotateLink(tx, entitlement, 0, link));
    expect(await join(observer)).toMatchObject({ ok: false, code: 'no-seat' });
  });

  test('a seat taken through a replaced link is refused until its holder enters through the new one', async () => {
    const { entitlement } = await web.db.read
      .selectFrom('rooms')
      .select('entitlement')
      .where('id', '=', room)
      .executeTakeFirstOrThrow();
    const secret = 'n'.repeat(32);
    const secret_hash = new Bun.CryptoHasher('sha256').update(secret).digest('hex');
    await web.db.write((tx) => rotateLink(tx, entitlement, 0, { secret_hash, secret_sealed: '' }));
    expect(await join(ada)).toMatchObject({ ok: false, code: 'no-seat' });
    // A GET of the new link shows the lobby, not the game, and confirms no seat.
    expect((await ada.get(`/join/${secret}`)).status).toBe(200);
    await ada.post(`/join/${secret}/enter`);
    expect(await join(ada)).toMatchObject({ ok: true });
  });

  test("an observer's cookie opens no other room", async () => {
    const path = await freeTeam(web);
    await visitor(web).post(`${path}/enter`);
    const observer = visitor(web);
    await observer.post(`${path}/watch`);
    expect((await observer.get(page)).status).toBe(403);
  });
});

describe('a refused join call', () => {
  interface Refusal {
    readonly status: number;
    readonly code: string;
    readonly next: 'retry' | 'stop';
    readonly send: () => Promise<Response>;
  }
  const post = (headers: Record<string, string> = {}, body = '{}') =>
    web.web.fetch(
      new Request(`${web.deps.url}/api/rooms/${room}/join`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: web.deps.url, ...headers },
        body,
      }),
      '192.0.2.9',
    );
  const sendUntilLimited = async () => {
    for (let calls = 0; calls < 600; calls++) await post({ Origin: 'https://evil.example' });
    return post();
  };
  const sendWithoutDatabase = async () => {
    await web.db.close();
    return post();
  };
  const REFUSALS: readonly Refusal[] = [
    { status: 400, code: 'bad-request', next: 'stop', send: () => post({}, '{') },
    { status: 403, code: 'wrong-origin', next: 'stop', send: () => post({ Origin: 'https://evil.example' }) },
    { status: 413, code: 'too-large', next: 'stop', send: () => post({}, `"${'x'.repeat(20_000)}"`) },
    { status: 415, code: 'wrong-body', next: 'stop', send: () => post({ 'Content-Type': 'text/plain' }) },
    { status: 429, code: 'too-many', next: 'retry', send: sendUntilLimited },
    { status: 500, code: 'internal', next: 'retry', send: sendWithoutDatabase },
  ];
  for (const { status, code, next, send } of REFUSALS) {
    test(`with status ${status} is JSON with the code and what to do next`, async () => {
      const response = await send();
      expect(response.status).toBe(status);
      expect(response.headers.get('Retry-After')).toBe(status === 429 ? '1' : null);
      // `then` is the name of `next` that pages of earlier versions read.
      expect(await response.text()).toBe(JSON.stringify(refusalOf(code, next)));
    });
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a field of the JSON, not a promise
  const refusalOf = (code: string, next: string) => ({ ok: false, code, next, then: next });
});

describe('reports of pages', () => {
  const report = (who: Visitor, reports: readonly unknown[]) =>
    who.json('/api/reports', { room, release: 'r1', reports });

  test('are stored by room and release, without control characters', async () => {
    expect((await report(ada, [{ kind: 'error', detail: 'a\u0000b\u001b[31m\u202ec' }])).status).toBe(200);
    expect(await newestReports(web.db.read, 10)).toMatchObject([
      { room, release: 'r1', kind: 'error', detail: 'a b [31m c' },
    ]);
  });

  test('come in batches of at most 20, each at most 2,000 characters', async () => {
    const one = { kind: 'error', detail: 'x'.repeat(2_000) };
    expect(
      (
        await report(
          ada,
          Array.from({ length: 20 }, () => one),
        )
      ).status,
    ).toBe(200);
    expect(
      (
        await report(
          ada,
          Array.from({ length: 21 }, () => one),
        )
      ).status,
    ).toBe(400);
    expect((await report(ada, [{ ...one, detail: `${one.detail}x` }])).status).toBe(400);
    expect((await report(ada, [])).status).toBe(400);
  });

  test('are taken from visitors of the room only, and up to a rate', async () => {
    const one = [{ kind: 'error', detail: 'x' }];
    expect((await report(visitor(web), one)).status).toBe(403);
    const statuses = [];
    for (let times = 0; times < 12; times++) statuses.push((await report(ada, one)).status);
    expect(statuses).toContain(429);
  });
});
