/** Deeds of players. Each answers whether there was anybody to do it. */
import type { Evening } from './scenario.ts';
import type { Device, Page } from './pages.ts';

function someDevice({ scheduler, devices }: Evening): Device {
  return scheduler.pick(devices);
}

export function somePage(evening: Evening): Page | null {
  const pages = evening.pages();
  return pages.length === 0 ? null : evening.scheduler.pick(pages);
}

export function play(evening: Evening): boolean {
  const { scheduler } = evening;
  const page = somePage(evening);
  if (page === null || page.device.observer) return false;
  const count = scheduler.chance(0.75) ? 1 : Math.ceil(scheduler.between(1, 12));
  for (let at = 0; at < count; at++) page.move();
  if (scheduler.chance(0.1)) page.session.sendChat('x'.repeat(Math.floor(scheduler.between(1, 900))));
  if (scheduler.chance(0.1)) page.session.sendNote('n', `${count}`);
  if (scheduler.chance(0.2)) page.session.signal(Math.floor(scheduler.between(0, 99)));
  // Before its first welcome a page does not know how much the server takes.
  if (page.session.status() === 'connecting' && scheduler.chance(0.2))
    page.session.sendChat('y'.repeat(4_200));
  return true;
}

/** More than a link takes that was lost without a word. */
export function talk(evening: Evening): boolean {
  const page = somePage(evening);
  if (page === null || page.device.observer) return false;
  for (let line = 0; line < 20; line++) page.session.sendChat(`${line}`.padEnd(900, 'z'));
  evening.scheduler.advance(6_000);
  return true;
}

export function reload(evening: Evening): boolean {
  const device = someDevice(evening);
  for (const page of device.pages) page.die();
  evening.open(device);
  return true;
}

export function openAnother(evening: Evening): boolean {
  const device = someDevice(evening);
  const [first] = device.pages;
  if (device.pages.size > 1) first?.die();
  else evening.open(device);
  return true;
}

export function wake(evening: Evening): boolean {
  const page = somePage(evening);
  page?.wake(evening.scheduler.pick(['online', 'offline', 'visible']));
  return page !== null;
}
