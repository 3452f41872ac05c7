/** Actions of players. Each returns whether there was a page or device for it. */
import type { Scenario } from './scenario.ts';
import type { Device, Page } from './pages.ts';

function someDevice({ scheduler, devices }: Scenario): Device {
  return scheduler.pick(devices);
}

export function somePage(scenario: Scenario): Page | null {
  const pages = scenario.pages();
  return pages.length === 0 ? null : scenario.scheduler.pick(pages);
}

export function sendMoves(scenario: Scenario): boolean {
  const { scheduler } = scenario;
  const page = somePage(scenario);
  if (page === null || page.device.observer) return false;
  const count = scheduler.chance(0.75) ? 1 : Math.ceil(scheduler.between(1, 12));
  for (let at = 0; at < count; at++) page.move();
  if (scheduler.chance(0.1)) page.session.sendChat('x'.repeat(Math.floor(scheduler.between(1, 900))));
  if (scheduler.chance(0.1)) page.session.sendNote('n', `${count}`);
  if (scheduler.chance(0.2)) page.session.signal(Math.floor(scheduler.between(0, 99)));
  // Before its first welcome a page does not know the server's limit on the size of a message.
  if (page.session.status() === 'connecting' && scheduler.chance(0.2))
    page.session.sendChat('y'.repeat(4_200));
  return true;
}

/** More than the buffer of a half-open link holds. */
export function sendChatBurst(scenario: Scenario): boolean {
  const page = somePage(scenario);
  if (page === null || page.device.observer) return false;
  for (let line = 0; line < 20; line++) page.session.sendChat(`${line}`.padEnd(900, 'z'));
  scenario.scheduler.advance(6_000);
  return true;
}

export function reload(scenario: Scenario): boolean {
  const device = someDevice(scenario);
  for (const page of device.pages) page.close();
  scenario.open(device);
  return true;
}

export function openAnother(scenario: Scenario): boolean {
  const device = someDevice(scenario);
  const [first] = device.pages;
  if (device.pages.size > 1) first?.close();
  else scenario.open(device);
  return true;
}

export function wakePage(scenario: Scenario): boolean {
  const page = somePage(scenario);
  page?.wake(scenario.scheduler.pick(['online', 'offline', 'visible']));
  return page !== null;
}
