/** Game processes: slots h1 … hN, each served by a process with its own journal and port. */
import { join } from 'node:path';
import { environmentOf } from '../config.load.ts';
import { OperatorError } from '../errors.ts';
import { recordExit, recordLoads } from '../hosts/host-directory.ts';
import type { ChildMessage, ParentMessage } from '../hosts/process-messages.ts';
import { SlotSupervisor } from '../hosts/slot-supervisor.ts';
import { spawnChild } from '../lib/child.real.ts';
import { startWorkerLoop } from '../lib/worker-loop.ts';
import { realWorld } from '../lib/world.real.ts';
import { httpControl } from '../ports/control/control.http.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { slotPlacement } from '../ports/placement/placement.slots.ts';
import type { Assembly } from './assembly.ts';
import { slotsOf } from './slot-journal.ts';
import type { RoomPorts } from './web.ts';

const PROGRAM = join(import.meta.dir, '../main.ts');
const LOAD_INTERVAL_MS = 15_000;

/** Resolves when all are ready. Throws an OperatorError when one fails to start; the caller stops the others. */
export async function startGameProcesses(assembly: Assembly, db: MainDb): Promise<RoomPorts> {
  const { settings, keys, url, log, ready, health, stops, kills } = assembly;
  const slots = slotsOf(settings).map((name, index) => supervisorOf(assembly, db, name, index + 1));
  kills.push(() => slots.forEach((slot) => slot.kill()));
  stops.push(async () => {
    await Promise.all(slots.map((slot) => slot.stop()));
  });
  await startAll(slots);
  ready['game'] = () =>
    slots.some(({ placement }) => placement !== null)
      ? null
      : 'No game process accepts players at the moment.';
  for (const slot of slots) health[`game ${slot.name}`] = () => slot.fault();
  const loads = startWorkerLoop({
    ...realWorld,
    pauseMs: LOAD_INTERVAL_MS,
    work: () => recordLoads(db, slots).then(() => false),
    onError: (error) => log.error('host directory', { error: String(error) }),
  });
  stops.push(() => loads.stop());
  return {
    control: httpControl({
      world: realWorld,
      key: keys.control,
      addressOf: (name) => slots.find((slot) => slot.name === name)?.controlAddress ?? null,
    }),
    placement: slotPlacement(slots, { url, balanced: settings.url !== '' }),
  };
}

async function startAll(slots: readonly SlotSupervisor[]): Promise<void> {
  const starts = await Promise.allSettled(slots.map((slot) => slot.start()));
  for (const [index, start] of starts.entries()) {
    if (start.status === 'fulfilled') continue;
    const message = start.reason instanceof Error ? start.reason.message : String(start.reason);
    throw new OperatorError('slot-not-started', { slot: slots[index]?.name ?? '', message });
  }
}

function supervisorOf({ settings, log }: Assembly, db: MainDb, name: string, number: number): SlotSupervisor {
  // A game process sends no mail, so it does not get the SMTP password.
  const own = { ...settings, slot: name, gameProcesses: 0, supervised: true, smtp: '' };
  return new SlotSupervisor({
    name,
    port: settings.port === 0 ? 0 : settings.port + number,
    world: realWorld,
    log,
    spawn: (port, onMessage) =>
      spawnChild<ParentMessage, ChildMessage>({
        program: PROGRAM,
        args: ['start', 'game', 'archiver'],
        env: environmentOf({ ...own, port }),
        onMessage,
      }),
    onExit(bootId) {
      recordExit(db, name, bootId).catch((error: unknown) =>
        log.error('host directory', { slot: name, error: String(error) }),
      );
    },
  });
}
