/** What the web service does to rooms: it changes the database and tells the owner, who may not hear it. */
import type { Command } from '../../src/ports/control/control.ts';
import type { Evening } from './scenario.ts';
import { entitlementOf, ROOMS } from './seed-data.ts';

const NEW_LINK = 'update entitlements set generation = ? where id = ?';
const NEW_DEVICE = 'update seats set device_hash = ? where entitlement = ? and seat = ?';

/** Now and then nobody can be told. */
const TOLD = 0.8;

function tell(evening: Evening, command: Command): void {
  for (const { game, lease } of evening.servers()) {
    if (!evening.scheduler.chance(TOLD)) continue;
    lease.deliver(() => evening.scheduler.mark(`control ${command.kind}: ${game.control.tell(command)}`));
  }
}

/** Everybody with the old link is turned out, and comes back with the new one. */
export function rotateLink(evening: Evening): void {
  const { scheduler, generations, database } = evening;
  const room = scheduler.pick(ROOMS);
  const generation = (generations.get(room) ?? 1) + 1;
  generations.set(room, generation);
  database.change(NEW_LINK, generation, entitlementOf(room));
  tell(evening, { kind: 'generation', room, generation });
  // Players open the new link some time later.
  scheduler.after(scheduler.between(500, 5_000), () => {
    for (const device of evening.devices) {
      if (device.room !== room) continue;
      for (const page of device.pages) page.die();
      evening.open(device);
    }
  });
}

/** The player changes to another device: the old pass is no good any more, a new ticket is. */
export function claimSeat(evening: Evening): void {
  const { scheduler, database } = evening;
  const device = scheduler.pick(evening.devices.filter(({ observer }) => !observer));
  const { room, seat } = device;
  device.token = `${seat}${scheduler.pick(['b', 'c', 'd', 'e'])}`;
  database.change(NEW_DEVICE, device.token, entitlementOf(room), seat);
  tell(evening, { kind: 'seats', room });
}

/** Writes down what the players' devices and links are now. */
export function noteDevices({ database, devices, generations }: Evening): void {
  for (const { room, seat, token } of devices) {
    database.change(NEW_DEVICE, token, entitlementOf(room), seat);
    database.change(NEW_LINK, generations.get(room) ?? 1, entitlementOf(room));
  }
}

export function sayNotice(evening: Evening): void {
  tell(evening, { kind: 'notice', room: evening.scheduler.pick(ROOMS), text: 'The studio says hello.' });
}
