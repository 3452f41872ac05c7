/**
 * The private server of a load: game processes on free ports with a temporary data folder. They are started as a main
 * process starts them: this process controls them, and they stop when it is gone.
 */
import { join } from 'node:path';
import { environmentOf, loadConfig } from '../../config.load.ts';
import { OperatorError } from '../../errors.ts';
import type { ChildMessage, ParentMessage } from '../../hosts/process-messages.ts';
import type { ChildProcess } from '../../lib/child.ts';
import { spawnChild } from '../../lib/child.real.ts';
import type { World } from '../../lib/world.ts';
import type { SeatAccess } from './load-runner.ts';
import { type LoadFolder, makeLoadFolder } from './machine.real.ts';
import type { LoadPlan } from './options.ts';
import { makeLoadRooms } from './load-rooms.ts';

const PROGRAM = join(import.meta.dir, '../../main.ts');
const START_MS_MAX = 60_000;
/** No limit in effect: all players have the same address, and some reconnect often. */
const SOCKETS_PER_ADDRESS = 1_000_000;

export interface LoadServer {
  /** By room and player. */
  readonly seats: readonly (readonly SeatAccess[])[];
  /** Processes of the server. */
  readonly pids: readonly number[];
  readonly folder: string;
  readonly inMemory: boolean;
  /** Resolves with a sentence when a process of the server exits before `close`. */
  readonly failed: Promise<string>;
  /** Kills the server and removes its folder. */
  close(): Promise<void>;
}

/** Throws an OperatorError if the server does not start; its folder is removed then, too. */
export async function startLoadServer(plan: LoadPlan, world: World): Promise<LoadServer> {
  const folder = makeLoadFolder();
  const children: ChildProcess<ParentMessage>[] = [];
  const close = async (): Promise<void> => {
    for (const child of children) child.kill();
    // Until they have exited they may write files.
    await Promise.all(children.map(({ exited }) => exited));
    folder.remove();
  };
  try {
    const slots = Array.from({ length: plan.gameProcesses }, (_, index) => `h${index + 1}`);
    const slotOf = (room: number): number => room % slots.length;
    const tickets = await makeLoadRooms(
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
      seats: tickets.map((room, at) => {
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

/** Resolves with the port. */
function startSlot(
  slot: string,
  folder: LoadFolder,
  world: World,
  children: ChildProcess<ParentMessage>[],
  onExit: (message: string) => void,
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
    onMessage(message) {
      if (message.kind === 'ready') ready.resolve(message.port);
      if (message.kind === 'failed') fail(message.message);
    },
  });
  children.push(child);
  const cancel = world.timers.after(START_MS_MAX, () =>
    fail(`it took longer than ${START_MS_MAX / 1_000} s.`),
  );
  void child.exited.then((how) => {
    fail(`it ended with ${how}.`);
    onExit(`the process for slot ${slot} ended with ${how}. ${outputEnd(folder)}`);
  });
  return ready.promise.finally(cancel);
}

function outputEnd(folder: LoadFolder): string {
  try {
    return folder.outputEnd().trim();
  } catch {
    return '';
  }
}
