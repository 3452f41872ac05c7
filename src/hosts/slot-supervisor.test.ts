/** Supervision of one slot, in simulated time, with a process that the test controls. */
import { afterEach, expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../test/support/in-process/world.simulated.ts';
import type { ChildProcess } from '../lib/child.ts';
import type { LogFields } from '../lib/log.ts';
import type { RoomsState } from '../running.ts';
import type { ChildMessage, ParentMessage } from './process-messages.ts';
import {
  SlotSupervisor,
  RESTARTS_MAX,
  RESTART_WINDOW_MS,
  UNRESPONSIVE_MS,
  START_MS_MAX,
} from './slot-supervisor.ts';

const HEALTHY: RoomsState = { rooms: 0, sockets: 0, unready: null, fault: null };

/** One run of the slot's process. */
class Run implements ChildProcess<ParentMessage> {
  readonly pid = 1;
  readonly received: ParentMessage['kind'][] = [];
  readonly port: number;
  private readonly end = Promise.withResolvers<string>();
  readonly exited = this.end.promise;
  private readonly onMessage: (message: ChildMessage) => void;
  /** The reply to `get-state`; null = no reply. */
  state: RoomsState | null = HEALTHY;
  killed = false;

  constructor(port: number, onMessage: (message: ChildMessage) => void) {
    this.port = port;
    this.onMessage = onMessage;
  }
  send({ kind }: ParentMessage): void {
    this.received.push(kind);
    if (kind === 'get-state') this.reply();
  }
  reply(): void {
    // Asynchronous, as over a real channel.
    queueMicrotask(() => {
      if (this.state) this.onMessage({ kind: 'state', ...this.state });
    });
  }
  kill(): void {
    this.killed = true;
    this.end.resolve('signal SIGKILL');
  }
  progress(): void {
    this.onMessage({ kind: 'progress' });
  }
  ready(port = 9001): void {
    this.onMessage({ kind: 'ready', port, bootId: `boot at ${port}` });
  }
  failStart(message: string, code = 'port-in-use'): void {
    this.onMessage({ kind: 'failed', code, message });
    this.end.resolve('exit code 1');
  }
  exit(how = 'exit code 3'): void {
    this.end.resolve(how);
  }
}

let world = createSimulatedWorld(1);
const logged: { what: string; fields: LogFields | undefined }[] = [];
const exited: string[] = [];
const runs: Run[] = [];
/** The error of the next spawns; null = they succeed. */
let spawnError: string | null = null;

afterEach(() => {
  for (const list of [logged, exited, runs]) list.length = 0;
  spawnError = null;
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
      if (spawnError !== null) throw new Error(spawnError);
      const run = new Run(given, onMessage);
      runs.push(run);
      return run;
    },
    onExit: (bootId) => exited.push(bootId),
  });
}

const latest = (): Run => {
  const run = runs.at(-1);
  if (!run) throw new Error('no process was started');
  return run;
};

async function serving(port = 0): Promise<SlotSupervisor> {
  const one = slot(port);
  const started = one.start();
  latest().ready(port === 0 ? 9001 : port);
  await started;
  return one;
}

test('a slot takes rooms as soon as its process is ready', async () => {
  const one = slot();
  const started = one.start();
  expect([one.placement, one.controlAddress]).toEqual([null, null]);
  latest().ready();
  await started;
  expect(one.placement).toEqual({ slot: 'h2', bootId: 'boot at 9001' });
  expect(one.controlAddress).toBe('http://127.0.0.1:9001');
  expect(one.fault()).toBeNull();
});

test('a process that exits is restarted on the same port, which pages have in their address', async () => {
  const one = await serving();
  latest().exit('signal SIGSEGV');
  await world.settle();
  expect(one.placement).toBeNull();
  expect(exited).toEqual(['boot at 9001']);
  expect(one.fault()).toContain('will be restarted');
  expect(logged.at(-1)).toMatchObject({ what: 'game process exited', fields: { slot: 'h2' } });
  expect(logged.at(-1)?.fields?.['why']).toContain('SIGSEGV');
  await world.advance(1_000);
  expect(runs.map(({ port }) => port)).toEqual([0, 9001]);
  latest().ready();
  expect(one.placement).not.toBeNull();
});

test('when another program has taken the free port in the meantime, another free one is used', async () => {
  const one = await serving();
  latest().exit();
  await world.advance(1_000);
  latest().failStart('Port 9001 is in use.');
  await world.advance(1_000);
  latest().ready(9500);
  expect(runs.map(({ port }) => port)).toEqual([0, 9001, 0]);
  expect(one.port).toBe(9500);
});

test('a start that failed for another reason keeps the port', async () => {
  await serving();
  latest().exit();
  await world.advance(1_000);
  latest().failStart('The journal is in use.', 'journal-unusable');
  await world.advance(1_000);
  expect(runs.map(({ port }) => port)).toEqual([0, 9001, 9001]);
});

test('a port that the operator chose is kept even if another program has it', async () => {
  await serving(8082);
  latest().exit();
  await world.advance(1_000);
  latest().failStart('Port 8082 is in use.');
  await world.advance(1_000);
  expect(runs.map(({ port }) => port)).toEqual([8082, 8082, 8082]);
});

test('after too many exits within ten minutes it waits, reports that, and restarts when they have passed', async () => {
  const one = await serving();
  for (let count = 0; count < RESTARTS_MAX; count++) {
    latest().exit();
    await world.advance(5_000);
    latest().ready();
  }
  expect(runs).toHaveLength(1 + RESTARTS_MAX);
  latest().exit();
  await world.advance(60_000);
  expect(runs).toHaveLength(1 + RESTARTS_MAX);
  expect(logged.at(-1)?.what).toBe('game process keeps exiting');
  expect(one.placement).toBeNull();
  expect(one.fault()).toContain(`${RESTARTS_MAX + 1} times`);
  await world.advance(RESTART_WINDOW_MS - 80_000);
  expect(runs).toHaveLength(2 + RESTARTS_MAX);
  latest().ready();
  expect(one.fault()).toBeNull();
});

test('a process that the machine cannot start now is retried every few seconds without limit', async () => {
  const one = await serving();
  spawnError = 'EMFILE: too many open files';
  latest().exit();
  await world.advance(RESTART_WINDOW_MS);
  expect(runs).toHaveLength(1);
  expect(logged.at(-1)).toMatchObject({ what: 'game process not started', fields: { slot: 'h2' } });
  expect(logged.at(-1)?.fields?.['why']).toContain('EMFILE');
  expect(one.fault()).toContain('will be restarted');
  spawnError = null;
  await world.advance(5_000);
  latest().ready();
  expect(one.placement).not.toBeNull();
});

test('a first start that the machine cannot do fails with the reason', async () => {
  spawnError = 'ENOMEM: no memory';
  const started = slot()
    .start()
    .catch((error: Error) => error.message);
  expect(await started).toBe('It could not be started: Error: ENOMEM: no memory.');
  expect(world.timerCount()).toBe(0);
});

test('a first start that fails is not retried: the operator is to read why', async () => {
  const one = slot();
  const started = one.start().then(
    () => 'started',
    (error: Error) => error.message,
  );
  latest().failStart('The journal is damaged.');
  expect(await started).toBe('The journal is damaged.');
  await world.advance(RESTART_WINDOW_MS);
  expect(runs).toHaveLength(1);
});

test('a start that takes too long is killed', async () => {
  const one = slot();
  const started = one.start().catch((error: Error) => error.message);
  await world.advance(START_MS_MAX);
  expect(latest().killed).toBe(true);
  expect(await started).toContain('SIGKILL');
});

test('a start that takes long is not killed while it reports progress', async () => {
  const one = slot();
  const started = one.start();
  for (let count = 0; count < 10; count++) {
    await world.advance(START_MS_MAX - 1);
    latest().progress();
  }
  expect(latest().killed).toBe(false);
  latest().ready();
  await started;
  latest().progress();
  await world.advance(2 * START_MS_MAX);
  expect([latest().killed, runs.length, one.fault()]).toEqual([false, 1, null]);
});

test('a start that reports progress and then hangs is killed', async () => {
  const one = slot();
  const started = one.start().catch((error: Error) => error.message);
  await world.advance(START_MS_MAX / 2);
  latest().progress();
  await world.advance(START_MS_MAX);
  expect(latest().killed).toBe(true);
  expect(await started).toContain('SIGKILL');
});

test('a process that keeps reporting progress after `stop` is killed, too', async () => {
  const one = await serving();
  latest().exit();
  await world.advance(1_000);
  const stopped = one.stop();
  for (let count = 0; count < 60; count++) {
    await world.advance(1_000);
    if (!latest().killed) latest().progress();
  }
  await stopped;
  expect(latest().killed).toBe(true);
  expect(world.timerCount()).toBe(0);
});

test('a process that does not respond, or cannot store, gets no new rooms, and the status says why', async () => {
  const one = await serving();
  latest().state = { ...HEALTHY, unready: 'The room log cannot store.' };
  await world.advance(2_000);
  expect(one.placement).toBeNull();
  expect(one.fault()).toBe('The room log cannot store.');
  latest().state = { ...HEALTHY, fault: 'The archive is late.' };
  await world.advance(2_000);
  expect(one.placement).not.toBeNull();
  expect(one.fault()).toBe('The archive is late.');
  latest().state = null;
  await world.advance(UNRESPONSIVE_MS + 2_000);
  expect(one.placement).toBeNull();
  expect(one.fault()).toContain('does not respond');
  // One request is outstanding, however long the process hangs; it replies to that one when it continues.
  const requests = latest().received.length;
  await world.advance(UNRESPONSIVE_MS);
  expect(latest().received).toHaveLength(requests);
  latest().state = HEALTHY;
  latest().reply();
  await world.settle();
  expect(one.fault()).toBeNull();
  await world.advance(2_000);
  expect(latest().received).toHaveLength(requests + 1);
});

test('a reserved room counts until it is open or the reservation expires', async () => {
  const one = await serving();
  latest().state = { ...HEALTHY, rooms: 4 };
  await world.advance(2_000);
  one.reserve();
  one.reserve();
  expect(one.rooms).toBe(6);
  await world.advance(20_000);
  expect(one.rooms).toBe(4);
});

test('stop is sent once and waits for the exit; no restart follows', async () => {
  const one = await serving();
  const stopped = one.stop();
  expect(latest().received.filter((kind) => kind === 'stop')).toHaveLength(1);
  expect(one.placement).toBeNull();
  latest().exit('exit code 0');
  await stopped;
  await world.advance(RESTART_WINDOW_MS);
  expect(runs).toHaveLength(1);
  expect(world.timerCount()).toBe(0);
});

test('a process that does not stop is killed', async () => {
  const one = await serving();
  const stopped = one.stop();
  await world.advance(60_000);
  await stopped;
  expect(latest().killed).toBe(true);
});

test('a slot that waits for its restart stops at once', async () => {
  const one = await serving();
  latest().exit();
  await world.settle();
  await one.stop();
  await world.advance(RESTART_WINDOW_MS);
  expect(runs).toHaveLength(1);
});
