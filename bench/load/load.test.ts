/** The load generator finds every kind of wrong delivery; otherwise "0 faults" would mean nothing. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hello } from '../../sdk/protocol/hello.ts';
import { live } from '../../sdk/protocol/live.ts';
import { encodeRecord, type LogRecord, recordLength, RecordKind } from '../../sdk/protocol/record.ts';
import { readSend, type SendHead } from '../../sdk/protocol/send.ts';
import { welcome } from '../../sdk/protocol/welcome.ts';
import { type LoadPlan, type LoadReport, runLoad } from '../lib/load-generator.ts';
import { missingRequirements } from '../lib/requirements.ts';

const PLAYERS = 3;
const PLAN = { rate: 200, bodyBytes: 40, warmUpMs: 0, measureMs: 250, settleMs: 100 };
/** The number of the message that goes wrong. */
const WRONG_AT = 7;
/** Time in which the load generator reads what was sent, also on a busy machine. */
const READ_MS = 200;
/** Waits until everything is delivered, also on a busy machine. */
const LONG_SETTLE = { settleMs: 60_000 };
setDefaultTimeout(120_000);

/** In continuous integration, a missing requirement is a failure. */
const skip = process.env['CI'] !== 'true' && missingRequirements(['gcc', 'taskset', 'cores']).length > 0;
const folder = await mkdtemp(join(tmpdir(), 'load-test-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Member {
  readonly socket: Bun.ServerWebSocket;
  seq: number;
}

/** What is sent to the members for the last record of the log; a correct server sends that record to each. */
type Broadcast = (log: readonly LogRecord[], members: readonly Member[], deliver: Deliver) => void;
type Deliver = (member: Member, ...records: readonly LogRecord[]) => void;

const honest: Broadcast = (log, members, deliver) => {
  for (const member of members) deliver(member, ...log.slice(member.seq));
};

/** A room server that keeps its log in memory. It is correct, except that `wrong` sends message WRONG_AT. */
function startRoom(wrong: Broadcast): { readonly port: number; stop(): void } {
  const log: LogRecord[] = [];
  const members: Member[] = [];
  const head: SendHead = { client: 0, clientSeq: 0, kind: 0, bodyAt: 0 };
  const deliver: Deliver = ({ socket }, ...records) => {
    const bytes = new Uint8Array(records.reduce((sum, one) => sum + recordLength(one, one.body.length), 0));
    let at = 0;
    for (const record of records) at = encodeRecord(bytes, at, record, record.body);
    socket.send(bytes);
  };
  const welcomeMember = (socket: Member['socket'], frame: Uint8Array): void => {
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
    if (seq < log.length) deliver(member, ...log.slice(seq));
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
        if (!readSend(frame, head)) return welcomeMember(socket, frame);
        const { clientSeq } = head;
        const body = frame.slice(head.bodyAt);
        log.push({ kind: RecordKind.move, seq: log.length + 1, ms: 0, seat: 1, client: 1, clientSeq, body });
        (log.length === WRONG_AT ? wrong : honest)(log, members, deliver);
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

async function runAgainst(wrong: Broadcast, more: Partial<LoadPlan> = {}): Promise<LoadReport> {
  const { port, stop } = startRoom(wrong);
  const endpoint = { port, path: '/', ticket: 'ticket' };
  const rooms = [Array.from({ length: PLAYERS }, () => endpoint)];
  const report = await runLoad({ protocol: 'escapement', rooms, ...PLAN, ...more }, folder);
  stop();
  return report;
}

/** The last record with changes. */
function lastWith(log: readonly LogRecord[], change: Partial<LogRecord>): LogRecord {
  const last = log.at(-1);
  if (!last) throw new Error('an empty log');
  return { ...last, ...change };
}

test.skipIf(skip)('an honest server has no faults, and every delivery is counted', async () => {
  const report = await runAgainst(honest, LONG_SETTLE);
  expect(report).toMatchObject({ faults: 0, firstFault: '', resets: 0, closed: 0, sent: 50 });
  expect(report.expected).toBe(50 * PLAYERS);
  expect(report.delivered).toBe(report.expected);
});

const WRONG: readonly (readonly [what: string, fault: string, wrong: Broadcast])[] = [
  [
    'a record that is sent twice',
    'a repeated record',
    (log, members, deliver) => {
      for (const member of members) deliver(member, lastWith(log, {}), lastWith(log, {}));
    },
  ],
  [
    'a record that is never sent',
    'a gap',
    (log, members, deliver) => {
      for (const member of members.slice(1)) deliver(member, lastWith(log, {}));
    },
  ],
  [
    'a seq that is left out',
    'a gap',
    (log, members, deliver) => {
      for (const member of members) deliver(member, lastWith(log, { seq: log.length + 1 }));
    },
  ],
  [
    'a body that was changed',
    'a changed body',
    (log, members, deliver) => {
      const body = lastWith(log, {}).body.slice();
      body[0] = (body[0] ?? 0) ^ 1;
      for (const member of members) deliver(member, lastWith(log, { body }));
    },
  ],
  [
    'another message instead of it',
    'a message delivered more often than the room has players',
    (log, members, deliver) => {
      // Until then, all players have read the first message.
      Bun.sleepSync(READ_MS);
      const { body } = log[0] ?? lastWith(log, {});
      for (const member of members) deliver(member, lastWith(log, { body }));
    },
  ],
  [
    'a client seq that was never sent',
    'a client seq that was never sent',
    (log, members, deliver) => {
      for (const member of members) deliver(member, lastWith(log, { clientSeq: 77 }));
    },
  ],
  [
    'a message at different seqs for different players',
    'a message at different seqs for different players',
    (log, [first, ...others], deliver) => {
      if (first) deliver(first, lastWith(log, {}));
      const notice = lastWith(log, { kind: RecordKind.notice });
      for (const member of others) deliver(member, notice, lastWith(log, { seq: log.length + 1 }));
    },
  ],
  [
    'bytes that are not a record',
    'bytes that are not a record',
    (log, members, deliver) => {
      honest(log, members, deliver);
      members[0]?.socket.send(Uint8Array.of(1, 16, 200));
    },
  ],
];

test.skipIf(skip).each(WRONG)('%s is found', async (_, fault, wrong) => {
  const report = await runAgainst(wrong);
  expect(report.faults).toBeGreaterThan(0);
  expect(report.firstFault).toEndWith(fault);
});

test.skipIf(skip)(
  'a delivery after the measured stretch counts as delivered, but not as during it',
  async () => {
    const report = await runAgainst((log, members, deliver) => {
      Bun.sleepSync(2 * PLAN.measureMs);
      honest(log, members, deliver);
    }, LONG_SETTLE);
    expect(report.delivered).toBe(report.expected);
    expect(report.during).toBeLessThan(WRONG_AT * PLAYERS);
  },
);

test.skipIf(skip)(
  'a player whose connection ends reconnects with its position and misses nothing',
  async () => {
    const report = await runAgainst(
      (log, [first, ...others], deliver) => {
        first?.socket.close(4001, 'Too slow.');
        honest(log, others, deliver);
      },
      { ...LONG_SETTLE, reconnect: { firstMs: 10, maxMs: 20 } },
    );
    expect(report).toMatchObject({ faults: 0, resets: 0, closed: 0 });
    expect(report.delivered).toBe(report.expected);
    expect(report.outage).toMatchObject({ awayMax: 1, reconnects: 1 });
    expect(report.outage.allBackMs).toBeGreaterThan(0);
  },
);
