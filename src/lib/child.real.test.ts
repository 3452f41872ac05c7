/** Processes of ours and the channel to them. */
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
  await Promise.all(children.splice(0).map((child) => child.ended));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process that says `hello`, does as the program says, and answers `heard` to every order. */
async function started(name: string, program: string): Promise<ChildProcess<string> & { heard: string[] }> {
  const path = join(folder, `${name}.ts`);
  writeFileSync(
    path,
    `process.on('message', () => process.send('heard')); process.send('hello'); ${program}`,
  );
  const heard: string[] = [];
  const hello = Promise.withResolvers<void>();
  const child = spawnChild<string, string>({
    program: path,
    args: [],
    env: {},
    onMessage(word) {
      heard.push(word);
      hello.resolve();
    },
  });
  children.push(child);
  await hello.promise;
  return { ...child, heard };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await Bun.sleep(5);
}

test('an order reaches a process that listens', async () => {
  const child = await started('listens', '');
  child.send('order');
  await until(() => child.heard.length === 2);
  expect(child.heard).toEqual(['hello', 'heard']);
  child.kill();
  expect(await child.ended).toBe('signal SIGKILL');
});

test('an order to a process whose channel is closed and that still runs does nothing', async () => {
  const child = await started('deaf', `process.disconnect(); setInterval(() => {}, 1_000);`);
  let over = false;
  void child.ended.then(() => (over = true));
  for (let turn = 0; turn < 20; turn++) {
    child.send('order');
    await Bun.sleep(5);
  }
  expect(over).toBe(false);
  expect(child.heard).toEqual(['hello']);
});

test('an order at any moment around the end of a process does nothing', async () => {
  const child = await started('exits', `setTimeout(() => process.exit(7), 20);`);
  let over = false;
  void child.ended.then(() => (over = true));
  while (!over) {
    child.send('order');
    await Bun.sleep(0);
  }
  child.send('order');
  expect(await child.ended).toBe('exit code 7');
});
