/**
 * Where a load is played by default: a server of its own, on free ports and a temporary folder. Its processes are
 * started as a main process starts game processes: they answer to this one alone, and end when it is gone.
 */
import { join } from 'node:path';
import { environmentOf, loadConfig } from '../../config.load.ts';
import { OperatorError } from '../../errors.ts';
import type { ChildProcess } from '../../lib/child.ts';
import { spawnChild } from '../../lib/child.real.ts';
import type { World } from '../../lib/world.ts';
import type { ParentMessage, ChildMessage } from '../../running.ts';
import type { Seat } from './load-runner.ts';
import { type LoadFolder, makeFolder } from './machine.real.ts';
import type { LoadPlan } from './options.ts';
import { makeRooms } from './load-rooms.ts';

const PROGRAM = join(import.meta.dir, '../../main.ts');
const START_MS_MAX = 60_000;
/** All players come from one address, and some come again and again. */
const SOCKETS_PER_ADDRESS = 1_000_000;

export interface LoadServer {
  /** Room by room. */
  readonly seats: readonly (readonly Seat[])[];
  /** Of the server's processes. */
  readonly pids: readonly number[];
  readonly folder: string;
  readonly inMemory: boolean;
  /** Resolves with a sentence when the server ended although nobody told it to. */
  readonly failed: Promise<string>;
  /** Ends the server at once and removes everything. */
  close(): Promise<void>;
}

/** Throws an OperatorError when the server does not start; then nothing is left. */
export async function startLoadServer(plan: LoadPlan, world: World): Promise<LoadServer> {
  const folder = makeFolder();
  const children: ChildProcess<ParentMessage>[] = [];
  const close = async (): Promise<void> => {
    for (const child of children) child.kill();
    // While they live they could make files in it.
    await Promise.all(children.map(({ ended }) => ended));
    folder.remove();
  };
  try {
    const slots = Array.from({ length: plan.gameProcesses }, (_, index) => `h${index + 1}`);
    const slotOf = (room: number): number => room % slots.length;
    const places = await makeRooms(
      {
        dataDir: folder.data,
        rooms: plan.rooms,
        players: plan.players,
        name: 'load',
        slotOf: (room) => slots[slotOf(room)] ?? '',
      },
      world,
    );
    const failed = Promise.withResolvers<string>();
    const ports = await Promise.all(
      slots.map((slot) => startSlot(slot, folder, world, children, failed.resolve)),
    );
    return {
      seats: places.map((room, at) => {
        const port = ports[slotOf(at)] ?? 0;
        return room.map(({ path, ticket }) => ({ address: { port, path }, ticket }));
      }),
      pids: children.map(({ pid }) => pid),
      folder: folder.path,
      inMemory: folder.inMemory,
      failed: failed.promise,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves with its port. */
function startSlot(
  slot: string,
  folder: LoadFolder,
  world: World,
  children: ChildProcess<ParentMessage>[],
  ended: (how: string) => void,
): Promise<number> {
  const { settings } = loadConfig([], {});
  const env = environmentOf({
    ...settings,
    port: 0,
    dataDir: folder.data,
    slot,
    supervised: true,
    socketsPerAddress: SOCKETS_PER_ADDRESS,
  });
  const ready = Promise.withResolvers<number>();
  const fail = (message: string): void => {
    ready.reject(new OperatorError('slot-not-started', { slot, message }));
  };
  const child = spawnChild<ParentMessage, ChildMessage>({
    program: PROGRAM,
    args: ['start', 'game', 'archiver'],
    env,
    output: folder.output,
    onMessage(word) {
      if (word.kind === 'ready') ready.resolve(word.port);
      if (word.kind === 'refused') fail(word.message);
    },
  });
  children.push(child);
  const cancel = world.timers.after(START_MS_MAX, () =>
    fail(`it took longer than ${START_MS_MAX / 1_000} s.`),
  );
  void child.ended.then((how) => {
    fail(`it ended with ${how}.`);
    ended(`the process for slot ${slot} ended with ${how}. ${lastWords(folder)}`);
  });
  return ready.promise.finally(cancel);
}

function lastWords(folder: LoadFolder): string {
  try {
    return folder.lastWords().trim();
  } catch {
    return '';
  }
}
