/** The port that a process listens on, and which processes wait for it. */
import { afterEach, expect, test } from 'bun:test';
import { loadConfig } from '../config.load.ts';
import { openKeyring } from '../ports/keyring/keyring.file.ts';
import { realWorld } from '../lib/world.real.ts';
import { temporaryFolder } from '../../test/support/processes/command-line.ts';
import { assemble, type Assembly } from './assembly.ts';
import { openFrontend } from './frontend.ts';

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function takenPort(): { readonly port: number; free(): Promise<void> } {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('taken') });
  undo.push(() => server.stop(true));
  return { port: server.port ?? 0, free: () => server.stop(true) };
}

async function listening(port: number, supervised: boolean): Promise<Assembly> {
  const folder = temporaryFolder('port');
  undo.push(() => folder.remove());
  const keys = openKeyring(folder.path, realWorld.random.bytes);
  if (!keys.ok) throw new Error('no keys');
  const { settings } = loadConfig([], {});
  const events = { fail: () => {}, onProgress: () => {} };
  const assembly = assemble({ ...settings, port, supervised }, keys.keys, events);
  await openFrontend(assembly);
  undo.push(async () => {
    for (const stop of assembly.stops) await stop('immediate');
  });
  return assembly;
}

test('a game process waits for a port that the process before it still has', async () => {
  const taken = takenPort();
  let over = false;
  const assembly = listening(taken.port, true).finally(() => (over = true));
  await Bun.sleep(300);
  expect(over).toBe(false);
  await taken.free();
  expect((await assembly).listen).toBe(`http://127.0.0.1:${taken.port}`);
});

test('a program that is started on a port in use fails at once', async () => {
  const { port } = takenPort();
  const began = performance.now();
  expect(await listening(port, false).catch((error: { code: string }) => error.code)).toBe('EADDRINUSE');
  expect(performance.now() - began).toBeLessThan(2_000);
});
