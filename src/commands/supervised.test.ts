/** A game process as its main process sees it: real processes on one port and one journal. */
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, temporaryFolder } from '../../test/support/processes/command-line.ts';
import { allGone } from '../../test/support/processes/game-processes.ts';
import { environmentOf, loadConfig } from '../config.load.ts';
import type { ChildOptions, ChildProcess } from '../lib/child.ts';
import { spawnChild } from '../lib/child.real.ts';
import type { ParentMessage, ChildMessage } from '../running.ts';

setDefaultTimeout(60_000);
/** Longer than a process needs to ask for its port, shorter than it waits for it. */
const ASKED_MS = 2_000;

const undo: (() => void | Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Process extends ChildProcess<ParentMessage> {
  readonly words: ChildMessage['kind'][];
  /** Rejects when it is refused or ends. */
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
  const words: ChildMessage['kind'][] = [];
  const ready = Promise.withResolvers<number>();
  const child = spawnChild<ParentMessage, ChildMessage>({
    ...optionsOf(dataDir, port),
    onMessage(word) {
      words.push(word.kind);
      if (word.kind === 'ready') ready.resolve(word.port);
      if (word.kind === 'refused') ready.reject(new Error(word.message));
    },
  });
  void child.ended.then((how) => ready.reject(new Error(how)));
  ready.promise.catch(() => {});
  undo.push(() => {
    child.kill();
    return child.ended;
  });
  return { ...child, words, ready: ready.promise };
}

function folder(): string {
  const made = temporaryFolder('supervised');
  undo.push(() => made.remove());
  return made.path;
}

/** A port that somebody else has. */
function takenPort(): { readonly port: number; free(): Promise<void> } {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('taken') });
  undo.push(() => server.stop(true));
  return { port: server.port ?? 0, free: () => server.stop(true) };
}

test('a game process waits for port and journal of the one before it, and says that it reads', async () => {
  const dataDir = folder();
  const { port, free } = takenPort();
  await free();
  const before = started(dataDir, port);
  expect(await before.ready).toBe(port);
  const after = started(dataDir, port);
  await Bun.sleep(ASKED_MS);
  expect(after.words).toEqual([]);
  before.send({ kind: 'stop' });
  expect(await after.ready).toBe(port);
  expect(await before.ended).toBe('exit code 0');
  expect(after.words).toEqual(['reading', 'ready']);
});

test('a game process opens its port when it can serve, and not before', async () => {
  const dataDir = folder();
  const before = started(dataDir, 0);
  await before.ready;
  const { port, free } = takenPort();
  await free();
  const after = started(dataDir, port);
  await Bun.sleep(ASKED_MS);
  const asked = fetch(`http://127.0.0.1:${port}/health`).then(({ status }) => status);
  expect(await asked.catch((error: { code: string }) => error.code)).toBe('ECONNREFUSED');
  before.send({ kind: 'stop' });
  expect(await after.ready).toBe(port);
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
});

test('a game process that is told to stop while it waits for its port ends at once', async () => {
  const process = started(folder(), takenPort().port);
  await Bun.sleep(ASKED_MS);
  process.send({ kind: 'stop' });
  const how = await Promise.race([process.ended, Bun.sleep(ASKED_MS).then(() => 'there')]);
  expect([how, process.words]).toEqual(['exit code 0', []]);
});

test('a game process whose main process dies while it waits for its port ends at once', async () => {
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
  await Bun.sleep(ASKED_MS);
  parent.kill('SIGKILL');
  const how = await Promise.race([
    allGone([pid]).then(() => 'gone'),
    Bun.sleep(ASKED_MS).then(() => 'there'),
  ]);
  expect(how).toBe('gone');
});
