/** A game process as its main process sees it: real processes that share a port and a journal. */
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, temporaryFolder } from '../../test/support/processes/command-line.ts';
import { allGone } from '../../test/support/processes/game-processes.ts';
import { environmentOf, loadConfig } from '../config.load.ts';
import type { ChildMessage, ParentMessage } from '../hosts/process-messages.ts';
import type { ChildOptions, ChildProcess } from '../lib/child.ts';
import { spawnChild } from '../lib/child.real.ts';

setDefaultTimeout(60_000);
/** Longer than a process needs until it tries its port, shorter than it waits for the port. */
const TRIED_MS = 2_000;

const undo: (() => void | Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Process extends ChildProcess<ParentMessage> {
  readonly received: ChildMessage['kind'][];
  /** The port; rejects when the start fails or the process exits. */
  readonly ready: Promise<number>;
}

function optionsOf(dataDir: string, port: number): Omit<ChildOptions<ChildMessage>, 'onMessage'> {
  const { settings } = loadConfig([], {});
  return {
    program: join(ROOT, 'src/main.ts'),
    args: ['start', 'game', 'archiver'],
    env: environmentOf({ ...settings, port, dataDir, slot: 'h1', supervised: true }),
  };
}

function started(dataDir: string, port: number): Process {
  const received: ChildMessage['kind'][] = [];
  const ready = Promise.withResolvers<number>();
  const child = spawnChild<ParentMessage, ChildMessage>({
    ...optionsOf(dataDir, port),
    onMessage(message) {
      received.push(message.kind);
      if (message.kind === 'ready') ready.resolve(message.port);
      if (message.kind === 'failed') ready.reject(new Error(message.message));
    },
  });
  void child.exited.then((how) => ready.reject(new Error(how)));
  ready.promise.catch(() => {});
  undo.push(() => {
    child.kill();
    return child.exited;
  });
  return { ...child, received, ready: ready.promise };
}

function folder(): string {
  const made = temporaryFolder('supervised');
  undo.push(() => made.remove());
  return made.path;
}

/** A port that another server has. */
function takenPort(): { readonly port: number; free(): Promise<void> } {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('taken') });
  undo.push(() => server.stop(true));
  return { port: server.port ?? 0, free: () => server.stop(true) };
}

test('a game process waits for port and journal of the one before it, and reports progress while it reads', async () => {
  const dataDir = folder();
  const { port, free } = takenPort();
  await free();
  const before = started(dataDir, port);
  expect(await before.ready).toBe(port);
  const after = started(dataDir, port);
  await Bun.sleep(TRIED_MS);
  expect(after.received).toEqual([]);
  before.send({ kind: 'stop' });
  expect(await after.ready).toBe(port);
  expect(await before.exited).toBe('exit code 0');
  expect(after.received).toEqual(['progress', 'ready']);
});

test('a game process opens its port when it can serve, and not before', async () => {
  const dataDir = folder();
  const before = started(dataDir, 0);
  await before.ready;
  const { port, free } = takenPort();
  await free();
  const after = started(dataDir, port);
  await Bun.sleep(TRIED_MS);
  const response = fetch(`http://127.0.0.1:${port}/health`).then(({ status }) => status);
  expect(await response.catch((error: { code: string }) => error.code)).toBe('ECONNREFUSED');
  before.send({ kind: 'stop' });
  expect(await after.ready).toBe(port);
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
});

test('a game process that gets `stop` while it waits for its port exits at once', async () => {
  const process = started(folder(), takenPort().port);
  await Bun.sleep(TRIED_MS);
  process.send({ kind: 'stop' });
  const how = await Promise.race([process.exited, Bun.sleep(TRIED_MS).then(() => 'running')]);
  expect([how, process.received]).toEqual(['exit code 0', []]);
});

test('a game process whose main process dies while it waits for its port exits at once', async () => {
  const dataDir = folder();
  const { port } = takenPort();
  const main = join(dataDir, 'main.ts');
  const options = JSON.stringify(optionsOf(dataDir, port));
  writeFileSync(
    main,
    `import { spawnChild } from ${JSON.stringify(join(ROOT, 'src/lib/child.real.ts'))};
     const child = spawnChild({ ...${options}, onMessage: () => {} });
     console.log(child.pid);`,
  );
  const parent = Bun.spawn([process.execPath, main], { stdout: 'pipe' });
  undo.push(() => parent.kill('SIGKILL'));
  const { value } = await parent.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  expect(pid).toBeGreaterThan(1);
  await Bun.sleep(TRIED_MS);
  parent.kill('SIGKILL');
  const how = await Promise.race([
    allGone([pid]).then(() => 'gone'),
    Bun.sleep(TRIED_MS).then(() => 'running'),
  ]);
  expect(how).toBe('gone');
});
