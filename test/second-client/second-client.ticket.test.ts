/**
 * The way from the shop's free game to a ticket over HTTP, by the Python client: section 14 of
 * docs/protocol.md must be enough to write it.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { RefusedReason } from '../../sdk/protocol/refused.ts';
import { GAME, TEST_MS, TestProgram } from './test-program.ts';
import type { Joined, SecondPage, SecondVisitor } from './second-client.ts';

let program: TestProgram;

beforeAll(async () => {
  program = await TestProgram.open();
}, TEST_MS);
afterAll(() => program.close(), TEST_MS);

interface LobbyState {
  readonly status: number;
  readonly room: string | null;
  readonly mine: number | null;
  readonly admitted: boolean;
  readonly full: boolean;
  readonly max: number;
  readonly seats: readonly {
    readonly seat: number;
    readonly name: string;
    readonly colour: string;
    readonly here: boolean;
  }[];
}

/** The last part of the redirect's path, which has this form. */
function redirected({ status, location }: { status: number; location: string | null }, form: RegExp): string {
  expect(status).toBe(303);
  const [, part] = form.exec(location ?? '') ?? [];
  if (part === undefined) throw new Error(`redirected to ${location}`);
  return part;
}

const LINK = /^\/join\/([^/]+)$/;
const ROOM = /^\/r\/([a-z0-9]{20})$/;

async function newLink(visitor: SecondVisitor): Promise<string> {
  return redirected(await visitor.run('free_game', { game: GAME }), LINK);
}

async function enter(
  visitor: SecondVisitor,
  secret: string,
  wish: { readonly [field: string]: string } = {},
): Promise<string> {
  return redirected(await visitor.run('enter', { secret, ...wish }), ROOM);
}

async function play(visitor: SecondVisitor, room: string): Promise<SecondPage> {
  const { ok, socket, ticket } = await visitor.join(room);
  expect(ok).toBe(true);
  const page = await program.page();
  await page.enter(socket, ticket);
  return page;
}

function expectRefusal(refused: Joined, status: number, code: string, next: 'retry' | 'stop'): void {
  const { ok, then: nextByOldName } = refused;
  expect([ok, refused.status, refused.code, refused.next, nextByOldName]).toEqual([
    false,
    status,
    code,
    next,
    next,
  ]);
}

const lobby = (visitor: SecondVisitor, secret: string) => visitor.run<LobbyState>('state', { secret });

test(
  'P46 P65 P66 P67 P70 from nothing to a ticket: a free game, a seat, a room, and a socket',
  async () => {
    const ada = await program.visitor();
    const secret = await newLink(ada);
    const room = await enter(ada, secret, { name: 'Ada', colour: 'sky' });
    const page = await play(ada, room);
    // Entering again keeps seat, room and cookie; without a name the next device gets a default name.
    const { cookies } = await ada.run('enter', { secret });
    expect(Object.keys(cookies)).toEqual(['device']);
    const ben = await program.visitor();
    expect(await enter(ben, secret, { colour: 'sky' })).toBe(room);
    const mate = await play(ben, room);
    const { presence, welcome } = await mate.run('wait-for-frame', { name: 'presence' });
    expect(welcome).toMatchObject({ seat: 2, role: 0 });
    expect(presence?.observers).toBe(0);
    expect(presence?.seats).toEqual([
      { seat: 1, name: 'Ada', colour: '#56b4e9', online: 1 },
      { seat: 2, name: 'Player 2', colour: expect.stringMatching(/^#[0-9a-f]{6}$/) as string, online: 1 },
    ]);
    expect(presence?.seats[1]?.colour).not.toBe('#56b4e9');
    await page.run('move', { bodies: ['"played"'] });
    const { seq } = await page.run('wait-for-echoes');
    await mate.run('wait-for-seq', { seq });
    // Another call makes another team.
    expect(await newLink(ada)).not.toBe(secret);
  },
  TEST_MS,
);

test(
  'P67 a device that finds all seats taken is redirected back to the link, without a cookie',
  async () => {
    const first = await program.visitor();
    const secret = await newLink(first);
    await enter(first, secret);
    const { max } = await lobby(first, secret);
    for (let seat = 2; seat <= max; seat++) await enter(await program.visitor(), secret);
    const late = await program.visitor();
    const response = await late.run('enter', { secret });
    expect(redirected(response, LINK)).toBe(secret);
    expect(response.cookies).toEqual({});
    expect(await lobby(late, secret)).toMatchObject({ full: true, mine: null });
  },
  TEST_MS,
);

test(
  'P68 to watch needs a begun game, and gives an observer’s ticket',
  async () => {
    const ada = await program.visitor();
    const secret = await newLink(ada);
    const watcher = await program.visitor();
    expect((await watcher.run('watch', { secret })).status).toBe(409);
    const room = await enter(ada, secret);
    const response = await watcher.run('watch', { secret });
    expect(redirected(response, ROOM)).toBe(room);
    expect(Object.keys(response.cookies).sort()).toEqual(['device', 'watch']);
    const page = await play(watcher, room);
    expect((await page.state()).welcome).toMatchObject({ seat: 0, role: 1 });
    await page.run('move', { bodies: ['"not mine"'] });
    const { refusals } = await page.run('wait-for-frame', { name: 'refused' });
    expect(refusals[0]?.reason).toBe(RefusedReason.observer);
    // A device with a seat stays a player.
    await ada.run('watch', { secret });
    expect((await (await play(ada, room)).state()).welcome).toMatchObject({ seat: 1, role: 0 });
  },
  TEST_MS,
);

test(
  'P62 P69 a seat whose player is away may be claimed, and the former device has lost it',
  async () => {
    const ada = await program.visitor();
    const secret = await newLink(ada);
    const room = await enter(ada, secret, { name: 'Ada' });
    const page = await play(ada, room);
    const ben = await program.visitor();
    const before = await lobby(ben, secret);
    expect(before).toMatchObject({ room, mine: null, seats: [{ seat: 1, name: 'Ada', here: true }] });
    redirected(await ben.run('claim', { secret, seat: 1 }), LINK);
    expect((await lobby(ben, secret)).mine).toBeNull();

    await page.run('close');
    while ((await lobby(ben, secret)).seats[0]?.here !== false) await Bun.sleep(100);
    const claimed = await ben.run('claim', { secret, seat: 1 });
    expect(redirected(claimed, LINK)).toBe(secret);
    expect(Object.keys(claimed.cookies)).toEqual(['device']);
    expect(await lobby(ben, secret)).toMatchObject({ room, mine: 1, admitted: true });
    expect((await (await play(ben, room)).state()).welcome?.seat).toBe(1);
    expectRefusal(await ada.join(room), 200, 'no-seat', 'stop');
  },
  TEST_MS,
);

test(
  'P70 P71 a refused call says in one shape whether to try again',
  async () => {
    const ada = await program.visitor();
    const room = await enter(ada, await newLink(ada));
    const refusals: readonly [Promise<Joined>, status: number, code: string][] = [
      [(await program.visitor()).join(room), 200, 'no-seat'],
      [ada.join('z'.repeat(20)), 200, 'room-unknown'],
      [ada.join(room, { body: 'not JSON' }), 400, 'bad-request'],
      [ada.join(room, { Origin: 'https://elsewhere.example' }), 403, 'wrong-origin'],
      [ada.join(room, { Content_Type: 'text/plain' }), 415, 'wrong-body'],
      [ada.join(room, { body: `"${'x'.repeat(16_384)}"` }), 413, 'too-large'],
    ];
    for (const [refused, status, code] of refusals) {
      expectRefusal(await refused, status, code, 'stop');
    }
    const unknown = await lobby(ada, 'nobody');
    expect(unknown).toMatchObject({ ok: false, status: 404, code: 'link-unknown', next: 'stop' });
    expect((await ada.run('enter', { secret: 'nobody' })).status).toBe(404);
    expect((await ada.run('free_game', { game: 'no-such-game' })).status).toBe(404);
  },
  TEST_MS,
);

test(
  'P71 over the rate of an address the join call is refused with 429: try again',
  async () => {
    const nobody = await program.visitor();
    const room = 'z'.repeat(20);
    let refused = await nobody.join(room);
    for (let calls = 0; refused.status !== 429 && calls < 2_000; calls++) refused = await nobody.join(room);
    expectRefusal(refused, 429, 'too-many', 'retry');
  },
  TEST_MS,
);
