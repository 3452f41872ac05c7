/** Which process a room is given to, and how its page gets there. */
import { afterEach, expect, test, setDefaultTimeout } from 'bun:test';
import { freeTeam, type Visitor, visitor } from '../../../test/support/clients/visitor.ts';
import { openWeb, type WebFixture } from '../../../test/support/in-process/web-fixture.ts';
import { bootHost } from '../../ports/main-db/queries/hosts.ts';
import { ownerOf } from '../../ports/main-db/queries/rooms.ts';
import { host } from '../../ports/main-db/queries/rows.fixture.ts';
import type { Placement, RoomPlacement } from '../../ports/placement/placement.ts';

// The first test builds; on a busy machine that takes longer than a test may by default.
setDefaultTimeout(30_000);

let web: WebFixture;
afterEach(() => web.stop());

/** Processes as a test wants them: which is the next to get a room, and where they listen. */
class TestPlaces implements RoomPlacement {
  next: Placement | null = { slot: 'h1', bootId: 'boot' };
  origins: readonly string[] = ['ws://shop.test:8081'];
  readonly given: string[] = [];

  choose(): Placement | null {
    return this.next;
  }
  reserve(slot: string): void {
    this.given.push(slot);
  }
  socketAddress(slot: string, room: string): string {
    return `${this.origins[0]}/h/${slot}/r/${room}/ws`;
  }
  anySlot(): string {
    return 'h1';
  }
  socketOrigins(): readonly string[] {
    return this.origins;
  }
}

async function entered(placement: RoomPlacement): Promise<{ ada: Visitor; room: string }> {
  web = await openWeb({ placement });
  const ada = visitor(web);
  const page =
    (await ada.post(`${await freeTeam(web)}/enter`, { name: 'Ada' })).headers.get('Location') ?? '';
  return { ada, room: page.slice('/r/'.length) };
}

const join = async (who: Visitor, room: string) =>
  (await (await who.json(`/api/rooms/${room}/join`, {})).json()) as unknown;

// oxlint-disable-next-line unicorn/no-thenable -- a word of the answer, not a promise
const MOVING = { ok: false, code: 'room-moving', then: 'retry' };

async function dataBlock(html: string, id: string): Promise<unknown> {
  const [, json = ''] = new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(html) ?? [];
  return JSON.parse(json);
}

test('a new room goes to the slot that was chosen, and is counted there', async () => {
  const placement = new TestPlaces();
  const { ada, room } = await entered(placement);
  expect(await ownerOf(web.db.read, room)).toMatchObject({ slot: 'h1', boot_id: 'boot' });
  expect(placement.given).toEqual(['h1']);
  expect(await join(ada, room)).toMatchObject({ ok: true, socket: `ws://shop.test:8081/h/h1/r/${room}/ws` });
});

test('a room stays with its slot although another one has more room', async () => {
  const placement = new TestPlaces();
  const { ada, room } = await entered(placement);
  await web.db.write((tx) => bootHost(tx, host('h2', 'boot of h2'), null));
  placement.next = { slot: 'h2', bootId: 'boot of h2' };
  expect(await join(ada, room)).toMatchObject({ ok: true, socket: `ws://shop.test:8081/h/h1/r/${room}/ws` });
});

test('a room whose slot is no more is placed anew when it is joined, and not by looking at its page', async () => {
  const placement = new TestPlaces();
  const { ada, room } = await entered(placement);
  await web.db.write((tx) => bootHost(tx, host('h2', 'boot of h2'), null));
  await web.db.write((tx) => tx.deleteFrom('hosts').where('slot', '=', 'h1').execute());
  placement.next = { slot: 'h2', bootId: 'boot of h2' };
  const html = await (await ada.get(`/r/${room}`)).text();
  expect(await dataBlock(html, 'play-data')).toMatchObject({ join: MOVING });
  expect(await ownerOf(web.db.read, room)).toMatchObject({ slot: 'h1' });
  expect(await join(ada, room)).toMatchObject({ ok: true, socket: `ws://shop.test:8081/h/h2/r/${room}/ws` });
  expect(await ownerOf(web.db.read, room)).toMatchObject({ slot: 'h2', boot_id: 'boot of h2' });
});

test('a room that was made while no slot was ready is placed by the first join after that', async () => {
  const placement = new TestPlaces();
  placement.next = null;
  const { ada, room } = await entered(placement);
  expect(await ownerOf(web.db.read, room)).toBeNull();
  expect(await join(ada, room)).toEqual(MOVING);
  placement.next = { slot: 'h1', bootId: 'boot' };
  const answers = await Promise.all([join(ada, room), join(ada, room), join(ada, room)]);
  for (const answer of answers) expect([true, false]).toContain((answer as { ok: boolean }).ok);
  expect(await join(ada, room)).toMatchObject({ ok: true });
  expect(placement.given).toEqual(['h1']);
});

test('the device check of the lobby opens a socket where the room will be', async () => {
  web = await openWeb({ placement: new TestPlaces() });
  const page = await visitor(web).get(await freeTeam(web));
  const data = await dataBlock(await page.text(), 'lobby-data');
  expect(data).toMatchObject({ socket: `ws://shop.test:8081/h/h1/r/${'0'.repeat(20)}/ws` });
});

test('the security policy allows the sockets of all processes, also after one has moved', async () => {
  const placement = new TestPlaces();
  const { ada } = await entered(placement);
  const allowed = async () => {
    const policy = (await ada.get('/')).headers.get('Content-Security-Policy') ?? '';
    return /connect-src ([^;]*)/.exec(policy)?.[1];
  };
  expect(await allowed()).toBe("'self' ws://shop.test ws://shop.test:8081");
  placement.origins = ['ws://shop.test:8081', 'ws://shop.test:9000'];
  expect(await allowed()).toBe("'self' ws://shop.test ws://shop.test:8081 ws://shop.test:9000");
});
