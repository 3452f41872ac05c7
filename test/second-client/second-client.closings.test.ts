/**
 * How the running program ends connections of the client in Python, and what the document makes that
 * client do then: come back, join again, or stop.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Close } from '../../sdk/protocol/close-codes.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { Scene, TEST_MS, words } from './scene.ts';
import type { Joined, SecondPage } from './second-client.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
}, TEST_MS);
afterAll(() => scene.close(), TEST_MS);

/** What one page does wrong, how it is closed, and what it does then. */
const CLOSINGS: readonly {
  readonly name: string;
  readonly code: number;
  readonly next: 'again' | 'join' | 'stop';
  run(one: SecondPage, joined: Joined): Promise<unknown>;
}[] = [
  {
    name: 'P1 a text',
    code: Close.malformed.code,
    next: 'stop',
    run: (one) => one.do('text', { text: '{}' }),
  },
  {
    name: 'P7 an unknown frame',
    code: Close.malformed.code,
    next: 'stop',
    run: (one) => one.do('raw', { hex: 'ff00' }),
  },
  {
    name: 'P51 a frame too large',
    code: Close.tooLarge.code,
    next: 'stop',
    run: (one) => one.do('raw', { hex: '00'.repeat(8_193) }),
  },
  {
    name: 'P51 a frame far too large',
    code: 1009,
    next: 'stop',
    run: (one) => one.do('raw', { hex: '00'.repeat(65_537) }),
  },
  {
    name: 'P53 too many pings',
    code: Close.tooFast.code,
    next: 'again',
    async run(one) {
      for (let token = 1; token <= 600; token++) await one.do('say', { name: 'ping', values: { token } });
    },
  },
  {
    name: 'P9 another version',
    code: Close.versionUnknown.code,
    next: 'stop',
    run: (one, { socket }) => hello(one, socket, { version: 99, credential: 'x' }),
  },
  {
    name: 'P10 a ticket of nobody',
    code: Close.ticketBad.code,
    next: 'stop',
    run: (one, { socket }) => hello(one, socket, { version: 1, credential: 'x.y' }),
  },
  {
    name: 'P1 P14 another slot',
    code: Close.rejoin.code,
    next: 'join',
    run: (one, { socket, ticket }) =>
      one.do('connect', { address: socket.replace(/\/h\/[^/]+\//, '/h/h9/'), credential: ticket }),
  },
];

/** A hello of a fresh connection: the page itself says another one on the old connection first. */
async function hello(
  one: SecondPage,
  address: string,
  values: { readonly version: number; readonly credential: string },
): Promise<void> {
  await one.do('leave');
  await one.do('greet', { address, ...values });
}

for (const { name, code, next, run } of CLOSINGS) {
  test(
    `P58 ${name} closes with ${code}: ${next}`,
    async () => {
      const { room, stranger } = await scene.team();
      const one = await scene.page();
      const joined = await scene.join(stranger, room);
      await one.enter(joined.socket, joined.ticket);
      await run(one, joined);
      expect(await one.closed()).toEqual({ code, next });
    },
    TEST_MS,
  );
}

test(
  'P40 P58 the same page again turns its older connection out for good',
  async () => {
    const { room, stranger } = await scene.team();
    const one = await scene.page();
    await scene.enter(one, stranger, room);
    const twin = await scene.second.load('twin');
    await scene.second.ask({ do: 'twin', page: 'twin', of: one.name });
    await scene.enter(twin, stranger, room);
    expect(await one.closed()).toEqual({ code: Close.superseded.code, next: 'stop' });
    await twin.do('move', { bodies: words('still here') });
    await twin.do('echoed');
  },
  TEST_MS,
);

test(
  'P58 a server that stops closes with a code to come back, and what was sent is there',
  async () => {
    const both = await scene.team();
    const one = await scene.page();
    await scene.enter(one, both.stranger, both.room);
    await one.do('move', { bodies: words('before') });
    await one.do('echoed');
    const stopped = scene.stop();
    expect(await one.closed()).toEqual({ code: Close.goingAway.code, next: 'again' });
    await stopped;
    await scene.start();
    await one.do('move', { bodies: words('made while it was away') });
    await scene.enter(one, both.stranger, both.room);
    const { log } = await one.do('echoed');
    const moves = log.filter(([, kind]) => kind === RecordKind.move).map((line) => line[6]);
    expect(moves.map((body) => Buffer.from(body, 'hex').toString())).toEqual([
      ...words('before', 'made while it was away'),
    ]);
  },
  TEST_MS,
);
