/**
 * Game processes: the slots h1 … hN, each a process of its own with its own journal and port, and
 * what the main process knows of them.
 */
import { join } from 'node:path';
import { environmentOf } from '../config.load.ts';
import { OperatorError } from '../errors.ts';
import { spawnChild } from '../lib/child.real.ts';
import { startWorkerLoop } from '../lib/worker-loop.ts';
import { realWorld } from '../lib/world.real.ts';
import { httpControl } from '../ports/control/control.http.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { updateHost } from '../ports/main-db/queries/hosts.ts';
import type { ParentMessage, ChildMessage } from '../running.ts';
import type { Assembly } from './assembly.ts';
import { slotsOf } from './slot-journal.ts';
import { slotPlacement } from '../ports/placement/placement.slots.ts';
import { SlotSupervisor } from '../hosts/slot-supervisor.ts';
import type { WebPlan } from './web.ts';

const PROGRAM = join(import.meta.dir, '../main.ts');
/** How often the directory learns how many rooms a slot has. */
const LOAD_MS = 15_000;

/** Resolves when all serve. Throws an OperatorError when one does not; the others are stopped again. */
export async function startProcesses(assembly: Assembly, db: MainDb): Promise<WebPlan> {
  const { settings, keys, url, ready, health, stops, abandons } = assembly;
  const slots = slotsOf(settings).map((name, index) => slotFor(assembly, db, name, index + 1));
  abandons.push(() => {
    for (const slot of slots) slot.kill();
  });
  stops.push(async () => {
    await Promise.all(slots.map((slot) => slot.stop()));
  });
  const starts = await Promise.allSettled(slots.map((slot) => slot.start()));
  for (const [index, start] of starts.entries()) {
    if (start.status === 'fulfilled') continue;
    const message = start.reason instanceof Error ? start.reason.message : String(start.reason);
    throw new OperatorError('slot-not-started', { slot: slots[index]?.name ?? '', message });
  }
  ready['game'] = () =>
    slots.some(({ place }) => place !== null) ? null : 'No game process takes players now.';
  for (const slot of slots) health[`game ${slot.name}`] = () => slot.fault();
  const telling = startWorkerLoop({
    ...realWorld,
    pauseMs: LOAD_MS,
    work: () => tellLoads(slots, db),
    onError: (error) => assembly.log.error('directory', { error: String(error) }),
  });
  stops.push(() => telling.stop());
  return {
    control: httpControl({
      world: realWorld,
      key: keys.control,
      addressOf: (name) => slots.find((slot) => slot.name === name)?.address ?? null,
    }),
    placement: slotPlacement(slots, { url, balanced: settings.url !== '' }),
  };
}

function slotFor({ settings, log }: Assembly, db: MainDb, name: string, number: number): SlotSupervisor {
  const env = (port: number) =>
    environmentOf({
      ...settings,
      port,
      slot: name,
      gameProcesses: 0,
      supervised: true,
      // It sends no mail, so it needs no password for that.
      smtp: '',
    });
  return new SlotSupervisor({
    name,
    port: settings.port === 0 ? 0 : settings.port + number,
    world: realWorld,
    log,
    spawn: (port, onMessage) =>
      spawnChild<ParentMessage, ChildMessage>({
        program: PROGRAM,
        args: ['start', 'game', 'archiver'],
        env: env(port),
        onMessage,
      }),
    onGone(bootId) {
      db.write((tx) => updateHost(tx, name, bootId, { state: 'dead', load: 0 })).catch((error: unknown) =>
        log.error('directory', { slot: name, error: String(error) }),
      );
    },
  });
}

async function tellLoads(slots: readonly SlotSupervisor[], db: MainDb): Promise<boolean> {
  for (const { name, boot } of slots) {
    if (boot) await db.write((tx) => updateHost(tx, name, boot.bootId, { load: boot.load }));
  }
  return false;
}
