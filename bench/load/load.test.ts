/** The load generator finds what a server does wrong; else "0 lost" in the results would mean nothing. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hello } from '../../sdk/protocol/hello.ts';
import { live } from '../../sdk/protocol/live.ts';
import { encodeRecord, type LogRecord, recordLength, RecordKind } from '../../sdk/protocol/record.ts';
import { readSend, type SendHead } from '../../sdk/protocol/send.ts';
import { welcome } from '../../sdk/protocol/welcome.ts';
import { type LoadPlan, type LoadReport, runLoad } from '../lib/load.ts';
import { missingNeeds } from '../lib/needs.ts';

const PLAYERS = 3;
const PLAN = { rate: 200, bodyBytes: 40, warmUpMs: 0, measureMs: 250, settleMs: 100 };
/** The message that goes wrong. */
const TRICKED = 7;
/** Until everything came: on a busy machine, too. */
const PATIENT = { settleMs: 60_000 };
setDefaultTimeout(120_000);

/** In continuous integration a missing part is a failure. */
const skip = process.env['CI'] !== 'true' && missingNeeds(['gcc', 'taskset', 'cores']).length > 0;
const folder = await mkdtemp(join(tmpdir(), 'load-test-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Member {
  readonly socket: Bun.ServerWebSocket;
  seq: number;
}

/** What the members are sent for a message; normally its record, to each. */
type Trick = (log: readonly LogRecord[], members: readonly Member[], tell: Tell) => void;
type Tell = (member: Member, ...records: readonly LogRecord[]) => void;

const honest: Trick = (log, members, tell) => {
  for (const member of members) tell(member, ...log.slice(member.seq));
};

/** A room server that keeps its log in memory, and at one message does what `trick` says. */
function room(trick: Trick): { readonly port: number; stop(): void } {
  const log: LogRecord[] = [];
  const members: Member[] = [];
  const head: SendHead = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
  const tell: Tell = ({ socket }, ...records) => {
    const bytes = new Uint8Array(records.reduce((sum, one) => sum + recordLength(one, one.body.length), 0));
    let at = 0;
    for (const record of records) at = encodeRecord(bytes, at, record, record.body);
    socket.send(bytes);
  };
  const greet = (socket: Member['socket'], frame: Uint8Array): void => {
    const { seq = 0 } = hello.decode(frame) ?? {};
    const clients = [{ number: 1, lastSeq: 0 }];
    const rest = { seat: 1, role: 0, clients, pass: 'pass', roomMs: 0, heartbeatMs: 15_000, rate: 20 };
    socket.send(
      welcome.encode({
        version: 1,
        resumed: 1,
        epoch: 0,
        seq: log.length,
        burst: 60,
        bodyMax: 4_096,
        ...rest,
      }),
    );
    const member = { socket, seq: log.length };
    if (seq < log.length) tell(member, ...log.slice(seq));
    socket.send(live.encode({ seq: log.length }));
    members.push(member);
  };
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response('', { status: 400 })),
    websocket: {
      message(socket, message) {
        const frame = new Uint8Array(message as Buffer);
        if (!readSend(frame, head)) return greet(socket, frame);
        const { clientSeq } = head;
        const body = frame.slice(head.bodyAt);
        log.push({ kind: RecordKind.move, seq: log.length + 1, ms: 0, seat: 1, client: 1, clientSeq, body });
        (log.length === TRICKED ? trick : honest)(log, members, tell);
        for (const member of members) member.seq = log.length;
      },
      close(socket) {
        const at = members.findIndex((member) => member.socket === socket);
        if (at >= 0) members.splice(at, 1);
      },
    },
  });
  return { port: server.port ?? 0, stop: () => void server.stop(true) };
}

async function play(trick: Trick, more: Partial<LoadPlan> = {}): Promise<LoadReport> {
  const { port, stop } = room(trick);
  const place = { port, path: '/', ticket: 'ticket' };
  const rooms = [Array.from({ length: PLAYERS }, () => place)];
  const report = await runLoad({ speech: 'escapement', rooms, ...PLAN, ...more }, folder);
  stop();
  return report;
}

/** The last record, changed. */
function other(log: readonly LogRecord[], change: Partial<LogRecord>): LogRecord {
  const last = log.at(-1);
  if (!last) throw new Error('an empty log');
  return { ...last, ...change };
}

test.skipIf(skip)('nothing is found wrong with an honest server, and every delivery is counted', async () => {
  const report = await play(honest, PATIENT);
  expect(report).toMatchObject({ faults: 0, firstFault: '', resets: 0, closed: 0, sent: 50 });
  expect(report.expected).toBe(50 * PLAYERS);
  expect(report.delivered).toBe(report.expected);
});

const TRICKS: readonly (readonly [what: string, found: string, trick: Trick])[] = [
  [
    'a record that comes twice',
    'a record twice',
    (log, members, tell) => {
      for (const member of members) tell(member, other(log, {}), other(log, {}));
    },
  ],
  [
    'a record that never comes',
    'a gap',
    (log, members, tell) => {
      for (const member of members.slice(1)) tell(member, other(log, {}));
    },
  ],
  [
    'a seq left out',
    'a gap',
    (log, members, tell) => {
      for (const member of members) tell(member, other(log, { seq: log.length + 1 }));
    },
  ],
  [
    'a body that was changed',
    'a body that was changed',
    (log, members, tell) => {
      const body = other(log, {}).body.slice();
      body[0] = (body[0] ?? 0) ^ 1;
      for (const member of members) tell(member, other(log, { body }));
    },
  ],
  [
    'the message of another one in its place',
    'a message more often than the room has players',
    (log, members, tell) => {
      const { body } = log[0] ?? other(log, {});
      for (const member of members) tell(member, other(log, { body }));
    },
  ],
  [
    'a client seq that nobody gave',
    'a client seq that nobody gave',
    (log, members, tell) => {
      for (const member of members) tell(member, other(log, { clientSeq: 77 }));
    },
  ],
  [
    'a message at different places for different players',
    'a seq that another player saw elsewhere',
    (log, [first, ...others], tell) => {
      if (first) tell(first, other(log, {}));
      const notice = other(log, { kind: RecordKind.notice });
      for (const member of others) tell(member, notice, other(log, { seq: log.length + 1 }));
    },
  ],
  [
    'bytes that are no record',
    'bytes that are no record',
    (log, members, tell) => {
      honest(log, members, tell);
      members[0]?.socket.send(Uint8Array.of(1, 16, 200));
    },
  ],
];

test.skipIf(skip).each(TRICKS)('%s is found', async (_, found, trick) => {
  const report = await play(trick);
  expect(report.faults).toBeGreaterThan(0);
  expect(report.firstFault).toEndWith(found);
});

test.skipIf(skip)('what comes after the measured stretch is delivered, but not during it', async () => {
  const report = await play((log, members, tell) => {
    Bun.sleepSync(2 * PLAN.measureMs);
    honest(log, members, tell);
  }, PATIENT);
  expect(report.delivered).toBe(report.expected);
  expect(report.during).toBeLessThan(TRICKED * PLAYERS);
});

test.skipIf(skip)(
  'a player whose connection ends comes back with its position and misses nothing',
  async () => {
    const report = await play(
      (log, [first, ...others], tell) => {
        first?.socket.close(4001, 'Too slow.');
        honest(log, others, tell);
      },
      { ...PATIENT, reconnect: { firstMs: 10, maxMs: 20 } },
    );
    expect(report).toMatchObject({ faults: 0, resets: 0, closed: 0 });
    expect(report.delivered).toBe(report.expected);
    expect(report.outage).toMatchObject({ awayMost: 1, reconnects: 1 });
    expect(report.outage.allBackMs).toBeGreaterThan(0);
  },
);
