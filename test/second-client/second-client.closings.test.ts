/**
 * How the running program closes sockets of the Python client, and what the client does then by the
 * document: reconnect, join again, or stop.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Close } from '../../sdk/protocol/close-codes.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { TestProgram, TEST_MS, jsonBodies } from './test-program.ts';
import type { Joined, SecondPage } from './second-client.ts';

let program: TestProgram;

beforeAll(async () => {
  program = await TestProgram.open();
}, TEST_MS);
afterAll(() => program.close(), TEST_MS);

/** An error of a page, the close code it gets, and what the page does then. */
const CLOSINGS: readonly {
  readonly name: string;
  readonly code: number;
  readonly next: 'reconnect' | 'rejoin' | 'stop';
  run(one: SecondPage, joined: Joined): Promise<unknown>;
}[] = [
  {
    name: 'P1 a text',
    code: Close.malformed.code,
    next: 'stop',
    run: (one) => one.run('send-text', { text: '{}' }),
  },
  {
    name: 'P7 an unknown frame',
    code: Close.malformed.code,
    next: 'stop',
    run: (one) => one.run('send-raw', { hex: 'ff00' }),
  },
  {
    name: 'P51 a frame too large',
    code: Close.tooLarge.code,
    next: 'stop',
    run: (one) => one.run('send-raw', { hex: '00'.repeat(8_193) }),
  },
  {
    name: 'P51 a frame far too large',
    code: 1009,
    next: 'stop',
    run: (one) => one.run('send-raw', { hex: '00'.repeat(65_537) }),
  },
  {
    name: 'P53 too many pings',
    code: Close.tooFast.code,
    next: 'reconnect',
    async run(one) {
      for (let token = 1; token <= 600; token++) await one.run('send', { name: 'ping', values: { token } });
    },
  },
  {
    name: 'P9 another version',
    code: Close.versionUnknown.code,
    next: 'stop',
    run: (one, { socket }) => hello(one, socket, { version: 99, credential: 'x' }),
  },
  {
    name: 'P64 an unmasked frame',
    code: 1002,
    next: 'reconnect',
    run: (one) => one.run('send-bytes', { hex: '820100' }),
  },
  {
    name: 'P64 a reserved opcode',
    code: 1002,
    next: 'reconnect',
    run: (one) => one.run('send-bytes', { hex: '838000000000' }),
  },
  {
    name: 'P64 a text that is not UTF-8',
    code: 1007,
    next: 'reconnect',
    run: (one) => one.run('send-bytes', { hex: '818200000000fffe' }),
  },
  {
    name: 'P10 an invalid ticket',
    code: Close.ticketBad.code,
    next: 'stop',
    run: (one, { socket }) => hello(one, socket, { version: 1, credential: 'x.y' }),
  },
  {
    name: 'P1 P14 another slot',
    code: Close.rejoin.code,
    next: 'rejoin',
    run: (one, { socket, ticket }) =>
      one.run('connect', { address: socket.replace(/\/h\/[^/]+\//, '/h/h9/'), credential: ticket }),
  },
];

/** Closes the connection and sends this hello on a new one. */
async function hello(
  one: SecondPage,
  address: string,
  values: { readonly version: number; readonly credential: string },
): Promise<void> {
  await one.run('close');
  await one.run('connect-with-version', { address, ...values });
}

for (const { name, code, next, run } of CLOSINGS) {
  test(
    `P58 ${name} closes with ${code}: ${next}`,
    async () => {
      const { room, pythonPlayer } = await program.team();
      const one = await program.page();
      const joined = await program.join(pythonPlayer, room);
      await one.enter(joined.socket, joined.ticket);
      await run(one, joined);
      expect(await one.waitForClose()).toEqual({ code, next });
    },
    TEST_MS,
  );
}

test(
  'P40 P58 when the same page connects again, its older socket is closed and must not reconnect',
  async () => {
    const { room, pythonPlayer } = await program.team();
    const one = await program.page();
    await program.enter(one, pythonPlayer, room);
    const twin = await program.second.load('twin');
    await program.second.request({ command: 'copy-clients', page: 'twin', of: one.name });
    await program.enter(twin, pythonPlayer, room);
    expect(await one.waitForClose()).toEqual({ code: Close.superseded.code, next: 'stop' });
    await twin.run('move', { bodies: jsonBodies('still here') });
    await twin.run('wait-for-echoes');
  },
  TEST_MS,
);

test(
  'P58 a server that stops closes with a code to reconnect, and no message is lost',
  async () => {
    const both = await program.team();
    const one = await program.page();
    await program.enter(one, both.pythonPlayer, both.room);
    await one.run('move', { bodies: jsonBodies('before') });
    await one.run('wait-for-echoes');
    const stopped = program.stop();
    expect(await one.waitForClose()).toEqual({ code: Close.goingAway.code, next: 'reconnect' });
    await stopped;
    await program.start();
    await one.run('move', { bodies: jsonBodies('made while it was away') });
    await program.enter(one, both.pythonPlayer, both.room);
    const { log } = await one.run('wait-for-echoes');
    const moves = log.filter(([, kind]) => kind === RecordKind.move).map((line) => line[6]);
    expect(moves.map((body) => Buffer.from(body, 'hex').toString())).toEqual([
      ...jsonBodies('before', 'made while it was away'),
    ]);
  },
  TEST_MS,
);
