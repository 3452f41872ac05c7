import { afterEach, beforeEach, describe, expect, test, setDefaultTimeout } from 'bun:test';
import { freeTeam, type Visitor, visitor } from '../../../../test/support/clients/visitor.ts';
import { openWeb, type WebFixture } from '../../../../test/support/in-process/web-fixture.ts';
import { rotateLink } from '../../../ports/main-db/queries/entitlements.ts';
import { retireGame } from '../../../ports/main-db/queries/releases.ts';
import type { LobbyState } from './lobby.ts';

// The first test builds the assets, which can take longer than the default timeout on a busy machine.
setDefaultTimeout(30_000);

let web: WebFixture;
let path: string;
/** Seats whose players are in the room, as reported by its owner. */
let online: number[];
beforeEach(async () => {
  web = await openWeb();
  path = await freeTeam(web);
  online = [];
  web.deps.control.roomStatus = async (_, room) => ({
    room,
    epoch: 1,
    seq: 1,
    sockets: online.length,
    onlineSeats: online,
    hold: false,
  });
});
afterEach(() => web.stop());

async function state(from: Visitor): Promise<LobbyState> {
  return (await (await from.get(`${path}/state`)).json()) as LobbyState;
}

async function seatedVisitor(name: string, form: Record<string, string> = {}): Promise<Visitor> {
  const one = visitor(web);
  expect((await one.post(`${path}/seat`, { name, ...form })).headers.get('Location')).toBe(path);
  return one;
}

/** Takes all four seats; afterwards no player has the lobby open. */
async function fullTeam(): Promise<Visitor[]> {
  const players = await Promise.all(['Ada', 'Bea', 'Cid', 'Dot'].map((name) => seatedVisitor(name)));
  web.world.advance(60_000);
  return players;
}

describe('opening the lobby', () => {
  test('changes nothing, any number of times and from any visitor', async () => {
    const before = await web.counts();
    const scanner = visitor(web);
    await Promise.all([scanner.get(path), scanner.get(`${path}/state`), scanner.get(path)]);
    expect(await web.counts()).toEqual(before);
    expect((await scanner.get(path)).headers.getSetCookie()).toEqual([]);
  });

  test('a link that was never issued is a page with a code and what to do', async () => {
    for (const bad of [`${path.slice(0, -1)}!`, '/join/short', `/join/${'x'.repeat(32)}`]) {
      const response = await visitor(web).get(bad);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('link-unknown');
    }
  });

  test('a replaced link is unknown, its successor opens the same team', async () => {
    const ada = await seatedVisitor('Ada');
    const { id } = await web.db.read.selectFrom('entitlements').select('id').executeTakeFirstOrThrow();
    const link = {
      secret_hash: new Bun.CryptoHasher('sha256').update('n'.repeat(32)).digest('hex'),
      secret_sealed: '',
    };
    await web.db.write((tx) => rotateLink(tx, id, 0, link));
    expect((await ada.get(path)).status).toBe(404);
    path = `/join/${'n'.repeat(32)}`;
    expect(await state(ada)).toMatchObject({ mine: 1, admitted: false });
    await ada.post(`${path}/seat`, {});
    expect(await state(ada)).toMatchObject({ mine: 1, admitted: true, seats: [{ seat: 1, name: 'Ada' }] });
  });

  test('a game withdrawn before the team entered is gone, a running one is not', async () => {
    const other = path;
    path = await freeTeam(web);
    const ada = visitor(web);
    await ada.post(`${path}/enter`);
    await web.db.write((tx) => retireGame(tx, 'sample-hour'));
    const response = await visitor(web).get(other);
    expect(response.status).toBe(410);
    expect(await response.text()).toContain('link-retired');
    expect((await visitor(web).get(path)).status).toBe(200);
  });
});

describe('taking a seat', () => {
  test('assigns the lowest free seat, the cleaned name, and the chosen colour unless a teammate has it', async () => {
    const ada = await seatedVisitor('  Ada \u202e Lovelace\n ', { colour: 'pink' });
    await seatedVisitor('Bea', { colour: 'pink' });
    expect(await state(ada)).toEqual({
      room: null,
      mine: 1,
      admitted: true,
      full: false,
      max: 4,
      seats: [
        { seat: 1, name: 'Ada Lovelace', colour: 'pink', ready: false, here: true },
        { seat: 2, name: 'Bea', colour: 'orange', ready: false, here: true },
      ],
    });
  });

  test('an invalid name becomes "Player n" in the visitor\'s language', async () => {
    await seatedVisitor('');
    const german = visitor(web, 'de');
    await german.post(`${path}/seat`, { name: 'x'.repeat(25) });
    expect((await state(german)).seats.map(({ name }) => name)).toEqual(['Player 1', 'Gast 2']);
  });

  test('a second time changes name and colour and takes no second seat', async () => {
    const ada = await seatedVisitor('Ada');
    await ada.post(`${path}/seat`, { name: 'Augusta', colour: 'grey' });
    expect((await state(ada)).seats).toMatchObject([{ seat: 1, name: 'Augusta', colour: 'grey' }]);
  });

  test('the device token is a cookie that scripts cannot read and forms of other sites do not send', async () => {
    const cookies = (await visitor(web).post(`${path}/seat`)).headers.getSetCookie();
    expect(cookies).toEqual([
      expect.stringMatching(/^device=[\w-]{32}; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  test('when all are taken, the fifth player gets none', async () => {
    await fullTeam();
    const fifth = visitor(web);
    await fifth.post(`${path}/seat`, { name: 'Eve' });
    expect(await state(fifth)).toMatchObject({ mine: null, full: true });
    expect(await (await fifth.get(path)).text()).toContain('All seats are taken');
  });

  test('eight players at the same moment take four seats', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => seatedVisitor(`P${index}`)));
    const { seats } = await state(visitor(web));
    expect(seats.map(({ seat }) => seat)).toEqual([1, 2, 3, 4]);
    expect(new Set(seats.map(({ colour }) => colour)).size).toBe(4);
  });

  test('only its holder can set a seat ready; leaving frees the seat', async () => {
    const ada = await seatedVisitor('Ada');
    await ada.post(`${path}/ready`, { ready: '1' });
    await visitor(web).post(`${path}/ready`, { ready: '1' });
    expect((await state(ada)).seats).toMatchObject([{ name: 'Ada', ready: true }]);
    await ada.post(`${path}/leave`);
    expect(await state(ada)).toMatchObject({ mine: null, seats: [] });
  });

  test('a player whose page polled in the last ten seconds counts as present', async () => {
    const ada = await seatedVisitor('Ada');
    const bea = await seatedVisitor('Bea');
    web.world.advance(9_000);
    await state(ada);
    web.world.advance(9_000);
    expect((await state(bea)).seats.map(({ here }) => here)).toEqual([true, true]);
    web.world.advance(9_000);
    expect((await state(bea)).seats.map(({ here }) => here)).toEqual([false, true]);
  });
});

describe('entering', () => {
  test('creates one room for all who press Enter at the same moment', async () => {
    const players = await Promise.all(['Ada', 'Bea', 'Cid', 'Dot'].map((name) => seatedVisitor(name)));
    const responses = await Promise.all(players.map((player) => player.post(`${path}/enter`)));
    expect(new Set(responses.map((response) => response.headers.get('Location'))).size).toBe(1);
    const rooms = await web.db.read.selectFrom('rooms').selectAll().execute();
    expect(rooms).toHaveLength(1);
    expect(rooms[0]).toMatchObject({ rules_hash: 'rules-1', locale: 'en', log: 'journal' });
    const owners = await web.db.read.selectFrom('room_owners').selectAll().execute();
    expect(owners).toEqual([{ room: rooms[0]?.id ?? '', slot: 'h1', boot_id: 'boot', epoch: 0 }]);
  });

  test("takes a seat, and the play page's address contains no secret", async () => {
    const solo = visitor(web);
    const location = (await solo.post(`${path}/enter`, { name: 'Solo' })).headers.get('Location');
    expect(location).toMatch(/^\/r\/[a-z0-9]{20}$/);
    expect((await solo.get(location ?? '')).status).toBe(200);
  });

  test('the link redirects a device with a seat to its game', async () => {
    const ada = await seatedVisitor('Ada');
    expect((await ada.get(path)).status).toBe(200);
    const room = (await ada.post(`${path}/enter`)).headers.get('Location');
    const again = await ada.get(path);
    expect([again.status, again.headers.get('Location')]).toEqual([303, room]);
    expect((await visitor(web).get(path)).status).toBe(200);
  });

  test('when all seats are taken it redirects to the lobby', async () => {
    const [ada] = await fullTeam();
    await ada?.post(`${path}/enter`);
    expect((await visitor(web).post(`${path}/enter`)).headers.get('Location')).toBe(path);
  });

  test('the room is notified when seats change during the game', async () => {
    const ada = await seatedVisitor('Ada');
    await ada.post(`${path}/enter`);
    const before = web.commands.length;
    await seatedVisitor('Bea');
    expect(web.commands.slice(before)).toEqual([
      { slot: 'h1', command: { kind: 'seats', room: expect.stringMatching(/^[a-z0-9]{20}$/) } },
    ]);
  });
});

describe('a fifth player', () => {
  test("may watch once there is a room, and then gets an observer's ticket", async () => {
    const [ada] = await fullTeam();
    const fifth = visitor(web);
    expect((await fifth.post(`${path}/watch`)).status).toBe(409);
    const room = (await ada?.post(`${path}/enter`))?.headers.get('Location') ?? '';
    expect((await fifth.get(room)).status).toBe(403);
    expect((await fifth.post(`${path}/watch`)).headers.get('Location')).toBe(room);
    expect((await fifth.get(room)).status).toBe(200);
  });

  test('may claim the seat of a player who is away; the old device then has none', async () => {
    const [ada, bea] = await fullTeam();
    const room = (await ada?.post(`${path}/enter`))?.headers.get('Location') ?? '';
    online = [1, 3, 4];
    const fifth = visitor(web);
    await fifth.post(`${path}/claim`, { seat: '2' });
    expect(await state(fifth)).toMatchObject({ mine: 2 });
    expect((await fifth.get(room)).status).toBe(200);
    expect((await bea?.get(room))?.status).toBe(403);
    expect(web.commands.at(-1)?.command.kind).toBe('seats');
  });

  test('may not claim a seat whose holder plays or has the lobby open, nor a second one', async () => {
    const [ada, bea, cid] = await fullTeam();
    await ada?.post(`${path}/enter`);
    online = [2];
    if (cid) await state(cid);
    const fifth = visitor(web);
    for (const seat of ['2', '3', '9', 'x']) await fifth.post(`${path}/claim`, { seat });
    expect((await state(fifth)).mine).toBeNull();
    await bea?.post(`${path}/claim`, { seat: '4' });
    expect(await state(bea ?? fifth)).toMatchObject({ mine: 2 });
  });

  test('of two who claim the same seat at once, one gets it', async () => {
    await fullTeam();
    const both = [visitor(web), visitor(web)];
    await Promise.all(both.map((one) => one.post(`${path}/claim`, { seat: '4' })));
    const mine = await Promise.all(both.map(async (one) => (await state(one)).mine));
    expect(new Set(mine)).toEqual(new Set([4, null]));
  });
});
