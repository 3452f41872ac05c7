/**
 * What the web service does to rooms: it changes the database, then sends a command to the owner, which may
 * not receive it.
 */
import type { Command } from '../../src/ports/control/control.ts';
import type { Scenario } from './scenario.ts';
import { entitlementOf, ROOMS } from './seed-data.ts';

const UPDATE_GENERATION = 'update entitlements set generation = ? where id = ?';
const UPDATE_DEVICE = 'update seats set device_hash = ? where entitlement = ? and seat = ?';

/** Probability that a server receives a command. */
const DELIVERY_CHANCE = 0.8;

function sendCommand(scenario: Scenario, command: Command): void {
  for (const { game, lease } of scenario.servers()) {
    if (!scenario.scheduler.chance(DELIVERY_CHANCE)) continue;
    lease.deliver(() => scenario.scheduler.count(`control ${command.kind}: ${game.control.handle(command)}`));
  }
}

/** Rotates a link: players with the old one are disconnected and come back with the new one. */
export function rotateLink(scenario: Scenario): void {
  const { scheduler, generations, database } = scenario;
  const room = scheduler.pick(ROOMS);
  const generation = (generations.get(room) ?? 1) + 1;
  generations.set(room, generation);
  database.update(UPDATE_GENERATION, generation, entitlementOf(room));
  sendCommand(scenario, { kind: 'generation', room, generation });
  // Players open the new link some time later.
  scheduler.after(scheduler.between(500, 5_000), () => {
    for (const device of scenario.devices) {
      if (device.room !== room) continue;
      for (const page of device.pages) page.close();
      scenario.open(device);
    }
  });
}

/** The player changes the device: the old pass is refused, a new ticket is accepted. */
export function claimSeat(scenario: Scenario): void {
  const { scheduler, database } = scenario;
  const device = scheduler.pick(scenario.devices.filter(({ observer }) => !observer));
  const { room, seat } = device;
  device.token = `${seat}${scheduler.pick(['b', 'c', 'd', 'e'])}`;
  database.update(UPDATE_DEVICE, device.token, entitlementOf(room), seat);
  sendCommand(scenario, { kind: 'seats', room });
}

/** Writes the present devices and link generations to the database. */
export function writeDevices({ database, devices, generations }: Scenario): void {
  for (const { room, seat, token } of devices) {
    database.update(UPDATE_DEVICE, token, entitlementOf(room), seat);
    database.update(UPDATE_GENERATION, generations.get(room) ?? 1, entitlementOf(room));
  }
}

export function sendNotice(scenario: Scenario): void {
  sendCommand(scenario, {
    kind: 'notice',
    room: scenario.scheduler.pick(ROOMS),
    text: 'The studio says hello.',
  });
}
