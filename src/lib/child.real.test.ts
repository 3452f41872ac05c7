/** Child processes and the channel to them. */
import { afterAll, afterEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from './child.ts';
import { spawnChild } from './child.real.ts';

const folder = mkdtempSync(join(tmpdir(), 'escapement-child-'));
const children: ChildProcess<string>[] = [];
afterEach(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.splice(0).map((child) => child.exited));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a process that sends `hello`, replies `reply` to every message, and runs `program`; waits for `hello`. */
async function started(
  name: string,
  program: string,
): Promise<ChildProcess<string> & { received: string[] }> {
  const path = join(folder, `${name}.ts`);
  writeFileSync(
    path,
    `process.on('message', () => process.send('reply')); process.send('hello'); ${program}`,
  );
  const received: string[] = [];
  const hello = Promise.withResolvers<void>();
  const child = spawnChild<string, string>({
    program: path,
    args: [],
    env: {},
    onMessage(message) {
      received.push(message);
      hello.resolve();
    },
  });
  children.push(child);
  await hello.promise;
  return { ...child, received };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await Bun.sleep(5);
}

test('a message reaches the child, and its reply this process', async () => {
  const child = await started('listens', '');
  child.send('message');
  await until(() => child.received.length === 2);
  expect(child.received).toEqual(['hello', 'reply']);
  child.kill();
  expect(await child.exited).toBe('signal SIGKILL');
});

test('a message to a running process whose channel is closed does nothing', async () => {
  const child = await started('disconnected', `process.disconnect(); setInterval(() => {}, 1_000);`);
  let over = false;
  void child.exited.then(() => (over = true));
  for (let turn = 0; turn < 20; turn++) {
    child.send('message');
    await Bun.sleep(5);
  }
  expect(over).toBe(false);
  expect(child.received).toEqual(['hello']);
});

test('a message at any moment around the end of a process does not throw', async () => {
  const child = await started('exits', `setTimeout(() => process.exit(7), 20);`);
  let over = false;
  void child.exited.then(() => (over = true));
  while (!over) {
    child.send('message');
    await Bun.sleep(0);
  }
  child.send('message');
  expect(await child.exited).toBe('exit code 7');
});
