/** Supervision of one slot, in simulated time, with a process that a test holds in its hand. */
import { afterEach, expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../test/support/in-process/world.simulated.ts';
import type { ChildProcess } from '../lib/child.ts';
import type { LogFields } from '../lib/log.ts';
import type { ParentMessage, RoomsState, ChildMessage } from '../running.ts';
import { SlotSupervisor, RESTARTS_MAX, RESTARTS_MS, SILENT_MS, START_MS_MAX } from './slot-supervisor.ts';

const WELL: RoomsState = { rooms: 0, sockets: 0, unready: null, fault: null };

/** One run of the slot's process. */
class Run implements ChildProcess<ParentMessage> {
  readonly pid = 1;
  readonly orders: ParentMessage['kind'][] = [];
  readonly port: number;
  private readonly end = Promise.withResolvers<string>();
  readonly ended = this.end.promise;
  private readonly onMessage: (word: ChildMessage) => void;
  /** What it answers to looks; null = nothing. */
  state: RoomsState | null = WELL;
  killed = false;

  constructor(port: number, onMessage: (word: ChildMessage) => void) {
    this.port = port;
    this.onMessage = onMessage;
  }
  send({ kind }: ParentMessage): void {
    this.orders.push(kind);
    if (kind === 'look') this.answer();
  }
  answer(): void {
    // As over a real channel, the answer comes later.
    queueMicrotask(() => {
      if (this.state) this.onMessage({ kind: 'state', ...this.state });
    });
  }
  kill(): void {
    this.killed = true;
    this.end.resolve('signal SIGKILL');
  }
  reads(): void {
    this.onMessage({ kind: 'reading' });
  }
  ready(port = 9001): void {
    this.onMessage({ kind: 'ready', port, bootId: `boot at ${port}` });
  }
  refuse(message: string, code = 'port-in-use'): void {
    this.onMessage({ kind: 'refused', code, message });
    this.end.resolve('exit code 1');
  }
  dies(how = 'exit code 3'): void {
    this.end.resolve(how);
  }
}

let world = createSimulatedWorld(1);
const logged: { what: string; fields: LogFields | undefined }[] = [];
const gone: string[] = [];
const runs: Run[] = [];
/** What the machine answers to the next starts of a process; null = nothing keeps it. */
let spawnFails: string | null = null;

afterEach(() => {
  for (const list of [logged, gone, runs]) list.length = 0;
  spawnFails = null;
});

function slot(port = 0): SlotSupervisor {
  world = createSimulatedWorld(1);
  const write = (what: string, fields?: LogFields) => void logged.push({ what, fields });
  return new SlotSupervisor({
    name: 'h2',
    port,
    world,
    log: { info: write, error: write },
    spawn(given, onMessage) {
      if (spawnFails !== null) throw new Error(spawnFails);
      const run = new Run(given, onMessage);
      runs.push(run);
      return run;
    },
    onGone: (bootId) => gone.push(bootId),
  });
}

const latest = (): Run => {
  const run = runs.at(-1);
  if (!run) throw new Error('nothing was started');
  return run;
};

async function serving(port = 0): Promise<SlotSupervisor> {
  const one = slot(port);
  const started = one.start();
  latest().ready(port === 0 ? 9001 : port);
  await started;
  return one;
}

test('a slot takes rooms from the moment its process serves', async () => {
  const one = slot();
  const started = one.start();
  expect([one.place, one.address]).toEqual([null, null]);
  latest().ready();
  await started;
  expect(one.place).toEqual({ slot: 'h2', bootId: 'boot at 9001' });
  expect(one.address).toBe('http://127.0.0.1:9001');
  expect(one.fault()).toBeNull();
});

test('a process that dies is started again, on the port that pages know', async () => {
  const one = await serving();
  latest().dies('signal SIGSEGV');
  await world.settle();
  expect(one.place).toBeNull();
  expect(gone).toEqual(['boot at 9001']);
  expect(one.fault()).toContain('started again');
  expect(logged.at(-1)).toMatchObject({ what: 'game process ended', fields: { slot: 'h2' } });
  expect(logged.at(-1)?.fields?.['why']).toContain('SIGSEGV');
  await world.advance(1_000);
  expect(runs.map(({ port }) => port)).toEqual([0, 9001]);
  latest().ready();
  expect(one.place).not.toBeNull();
});

test('when somebody else has taken the free port meanwhile, another one is taken', async () => {
  const one = await serving();
  latest().dies();
  await world.advance(1_000);
  latest().refuse('Port 9001 is in use.');
  await world.advance(1_000);
  latest().ready(9500);
  expect(runs.map(({ port }) => port)).toEqual([0, 9001, 0]);
  expect(one.port).toBe(9500);
});

test('a process that was refused for another reason keeps the port that pages know', async () => {
  await serving();
  latest().dies();
  await world.advance(1_000);
  latest().refuse('The journal is in use.', 'journal-unusable');
  await world.advance(1_000);
  expect(runs.map(({ port }) => port)).toEqual([0, 9001, 9001]);
});

test('a port that was chosen is kept, whoever has it', async () => {
  await serving(8082);
  latest().dies();
  await world.advance(1_000);
  latest().refuse('Port 8082 is in use.');
  await world.advance(1_000);
  expect(runs.map(({ port }) => port)).toEqual([8082, 8082, 8082]);
});

test('after too many deaths within ten minutes it pauses, says so, and comes back when they have passed', async () => {
  const one = await serving();
  for (let count = 0; count < RESTARTS_MAX; count++) {
    latest().dies();
    await world.advance(5_000);
    latest().ready();
  }
  expect(runs).toHaveLength(1 + RESTARTS_MAX);
  latest().dies();
  await world.advance(60_000);
  expect(runs).toHaveLength(1 + RESTARTS_MAX);
  expect(logged.at(-1)?.what).toBe('game process ends again and again');
  expect(one.place).toBeNull();
  expect(one.fault()).toContain(`${RESTARTS_MAX + 1} times`);
  await world.advance(RESTARTS_MS - 80_000);
  expect(runs).toHaveLength(2 + RESTARTS_MAX);
  latest().ready();
  expect(one.fault()).toBeNull();
});

test('a process that the machine cannot start now is tried again every few seconds, for as long as it takes', async () => {
  const one = await serving();
  spawnFails = 'EMFILE: too many open files';
  latest().dies();
  await world.advance(RESTARTS_MS);
  expect(runs).toHaveLength(1);
  expect(logged.at(-1)).toMatchObject({ what: 'game process not started', fields: { slot: 'h2' } });
  expect(logged.at(-1)?.fields?.['why']).toContain('EMFILE');
  expect(one.fault()).toContain('started again');
  spawnFails = null;
  await world.advance(5_000);
  latest().ready();
  expect(one.place).not.toBeNull();
});

test('a first start that the machine does not allow is refused with the reason', async () => {
  spawnFails = 'ENOMEM: no memory';
  const started = slot()
    .start()
    .catch((error: Error) => error.message);
  expect(await started).toBe('It could not be started: Error: ENOMEM: no memory.');
  expect(world.timerCount()).toBe(0);
});

test('a first start that is refused is not tried again: the operator is to read why', async () => {
  const one = slot();
  const started = one.start().then(
    () => 'started',
    (error: Error) => error.message,
  );
  latest().refuse('The journal is damaged.');
  expect(await started).toBe('The journal is damaged.');
  await world.advance(RESTARTS_MS);
  expect(runs).toHaveLength(1);
});

test('a start that takes too long is ended', async () => {
  const one = slot();
  const started = one.start().catch((error: Error) => error.message);
  await world.advance(START_MS_MAX);
  expect(latest().killed).toBe(true);
  expect(await started).toContain('SIGKILL');
});

test('a start that takes long is not ended as long as it reads its journal', async () => {
  const one = slot();
  const started = one.start();
  for (let piece = 0; piece < 10; piece++) {
    await world.advance(START_MS_MAX - 1);
    latest().reads();
  }
  expect(latest().killed).toBe(false);
  latest().ready();
  await started;
  latest().reads();
  await world.advance(2 * START_MS_MAX);
  expect([latest().killed, runs.length, one.fault()]).toEqual([false, 1, null]);
});

test('a start that reads and then stands still is ended', async () => {
  const one = slot();
  const started = one.start().catch((error: Error) => error.message);
  await world.advance(START_MS_MAX / 2);
  latest().reads();
  await world.advance(START_MS_MAX);
  expect(latest().killed).toBe(true);
  expect(await started).toContain('SIGKILL');
});

test('a process that reads its journal when it is to stop is ended all the same', async () => {
  const one = await serving();
  latest().dies();
  await world.advance(1_000);
  const stopped = one.stop();
  for (let piece = 0; piece < 60; piece++) {
    await world.advance(1_000);
    if (!latest().killed) latest().reads();
  }
  await stopped;
  expect(latest().killed).toBe(true);
  expect(world.timerCount()).toBe(0);
});

test('a process that does not answer, or cannot store, gets no new rooms, and the status says why', async () => {
  const one = await serving();
  latest().state = { ...WELL, unready: 'The room log cannot store.' };
  await world.advance(2_000);
  expect(one.place).toBeNull();
  expect(one.fault()).toBe('The room log cannot store.');
  latest().state = { ...WELL, fault: 'The archive is late.' };
  await world.advance(2_000);
  expect(one.place).not.toBeNull();
  expect(one.fault()).toBe('The archive is late.');
  latest().state = null;
  await world.advance(SILENT_MS + 2_000);
  expect(one.place).toBeNull();
  expect(one.fault()).toContain('does not answer');
  // It was asked once, however long it stood still; when it goes on it answers that.
  const asked = latest().orders.length;
  await world.advance(SILENT_MS);
  expect(latest().orders).toHaveLength(asked);
  latest().state = WELL;
  latest().answer();
  await world.settle();
  expect(one.fault()).toBeNull();
  await world.advance(2_000);
  expect(latest().orders).toHaveLength(asked + 1);
});

test('a room that was placed counts until it is open, or has been forgotten', async () => {
  const one = await serving();
  latest().state = { ...WELL, rooms: 4 };
  await world.advance(2_000);
  one.expectRoom();
  one.expectRoom();
  expect(one.rooms).toBe(6);
  await world.advance(20_000);
  expect(one.rooms).toBe(4);
});

test('stopping is asked for once and waited for; then no restart follows', async () => {
  const one = await serving();
  const stopped = one.stop();
  expect(latest().orders.filter((order) => order === 'stop')).toHaveLength(1);
  expect(one.place).toBeNull();
  latest().dies('exit code 0');
  await stopped;
  await world.advance(RESTARTS_MS);
  expect(runs).toHaveLength(1);
  expect(world.timerCount()).toBe(0);
});

test('a process that does not stop is ended', async () => {
  const one = await serving();
  const stopped = one.stop();
  await world.advance(60_000);
  await stopped;
  expect(latest().killed).toBe(true);
});

test('a slot that waits for its next start stops at once', async () => {
  const one = await serving();
  latest().dies();
  await world.settle();
  await one.stop();
  await world.advance(RESTARTS_MS);
  expect(runs).toHaveLength(1);
});
