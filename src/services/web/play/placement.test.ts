/** Which process serves a room, and how the room's page reaches it. */
import { afterEach, expect, test, setDefaultTimeout } from 'bun:test';
import { freeTeam, type Visitor, visitor } from '../../../../test/support/clients/visitor.ts';
import { openWeb, type WebFixture } from '../../../../test/support/in-process/web-fixture.ts';
import { bootHost } from '../../../ports/main-db/queries/hosts.ts';
import { ownerOf } from '../../../ports/main-db/queries/rooms.ts';
import { host } from '../../../ports/main-db/queries/rows.fixture.ts';
import { jsonRefusal } from '../http/respond.tsx';
import type { Placement, RoomPlacement } from '../../../ports/placement/placement.ts';

// The first test builds the assets, which can take longer than the default timeout on a busy machine.
setDefaultTimeout(30_000);

let web: WebFixture;
afterEach(() => web.stop());

/** A placement that the test controls: the slot of the next room, and the origins of the sockets. */
class TestPlacement implements RoomPlacement {
  next: Placement | null = { slot: 'h1', bootId: 'boot' };
  origins: readonly string[] = ['ws://shop.test:8081'];
  readonly reserved: string[] = [];

  choose(): Placement | null {
    return this.next;
  }
  reserve(slot: string): void {
    this.reserved.push(slot);
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

const MOVING = jsonRefusal('room-moving');

async function dataBlock(html: string, id: string): Promise<unknown> {
  const [, json = ''] = new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(html) ?? [];
  return JSON.parse(json);
}

test('a new room goes to the chosen slot, and its place is reserved there', async () => {
  const placement = new TestPlacement();
  const { ada, room } = await entered(placement);
  expect(await ownerOf(web.db.read, room)).toMatchObject({ slot: 'h1', boot_id: 'boot' });
  expect(placement.reserved).toEqual(['h1']);
  expect(await join(ada, room)).toMatchObject({ ok: true, socket: `ws://shop.test:8081/h/h1/r/${room}/ws` });
});

test('a transaction that is run twice reserves one place, for entering and for joining', async () => {
  const placement = new TestPlacement();
  web = await openWeb({ placement });
  runWritesTwice(web);
  const ada = visitor(web);
  const page = (await ada.post(`${await freeTeam(web)}/enter`)).headers.get('Location') ?? '';
  expect(placement.reserved).toEqual(['h1']);
  await web.db.write((tx) => tx.deleteFrom('room_owners').execute());
  expect(await join(ada, page.slice('/r/'.length))).toMatchObject({ ok: true });
  expect(placement.reserved).toEqual(['h1', 'h1']);
});

/** As PostgreSQL does after a conflict: the first run of every transaction is rolled back, the second one commits. */
function runWritesTwice({ db }: WebFixture): void {
  const write = db.write.bind(db);
  const conflict = new Error('conflict');
  db.write = async (work) => {
    const rolledBack = write(async (tx) => {
      await work(tx);
      throw conflict;
    });
    await rolledBack.catch((error: unknown) => expect(error).toBe(conflict));
    return write(work);
  };
}

test('a room stays with its slot even if another slot would be chosen now', async () => {
  const placement = new TestPlacement();
  const { ada, room } = await entered(placement);
  await web.db.write((tx) => bootHost(tx, host('h2', 'boot of h2'), null));
  placement.next = { slot: 'h2', bootId: 'boot of h2' };
  expect(await join(ada, room)).toMatchObject({ ok: true, socket: `ws://shop.test:8081/h/h1/r/${room}/ws` });
});

test('a room whose slot is gone is placed again when it is joined, not when its page is opened', async () => {
  const placement = new TestPlacement();
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

test('a room that was created while no slot was ready is placed by the first join after that', async () => {
  const placement = new TestPlacement();
  placement.next = null;
  const { ada, room } = await entered(placement);
  expect(await ownerOf(web.db.read, room)).toBeNull();
  expect(await join(ada, room)).toEqual(MOVING);
  placement.next = { slot: 'h1', bootId: 'boot' };
  const answers = await Promise.all([join(ada, room), join(ada, room), join(ada, room)]);
  for (const answer of answers) expect([true, false]).toContain((answer as { ok: boolean }).ok);
  expect(await join(ada, room)).toMatchObject({ ok: true });
  expect(placement.reserved).toEqual(['h1']);
});

test('the device check of the lobby opens a socket where the room will be', async () => {
  web = await openWeb({ placement: new TestPlacement() });
  const page = await visitor(web).get(await freeTeam(web));
  const data = await dataBlock(await page.text(), 'lobby-data');
  expect(data).toMatchObject({ socket: `ws://shop.test:8081/h/h1/r/${'0'.repeat(20)}/ws` });
});

test('the security policy allows the sockets of all processes, also after one has moved', async () => {
  const placement = new TestPlacement();
  const { ada } = await entered(placement);
  const allowed = async () => {
    const policy = (await ada.get('/')).headers.get('Content-Security-Policy') ?? '';
    return /connect-src ([^;]*)/.exec(policy)?.[1];
  };
  expect(await allowed()).toBe("'self' ws://shop.test ws://shop.test:8081");
  placement.origins = ['ws://shop.test:8081', 'ws://shop.test:9000'];
  expect(await allowed()).toBe("'self' ws://shop.test ws://shop.test:8081 ws://shop.test:9000");
});
