/** Two players in a room of the running program, wherever its rooms are served. */
import { RecordKind } from '../../../sdk/protocol/record.ts';
import { enterRoom, freeLink, lines, RoomClient } from './room-client.ts';
import { type Site, type SiteVisitor, siteVisitor } from './site-visitor.ts';

const GAME = 'dormouse-hour';

export interface Pair {
  readonly room: string;
  readonly visitors: readonly SiteVisitor[];
  readonly pages: readonly RoomClient[];
}

/** Two players in a new room. */
export async function newPair(site: Site): Promise<Pair> {
  const visitors = [siteVisitor(site), siteVisitor(site)];
  const link = await freeLink(visitors[0] as SiteVisitor, GAME);
  let room = '';
  for (const visitor of visitors) room = await enterRoom(visitor, link, 'Somebody');
  const pair = { room, visitors, pages: visitors.map(() => new RoomClient()) };
  await joinBoth(site, pair);
  return pair;
}

/** Both ask where their room is, and go there. */
export async function joinBoth(site: Site, { room, visitors, pages }: Pair): Promise<void> {
  for (const [index, page] of pages.entries()) await page.enter(site, visitors[index] as SiteVisitor, room);
}

export const slotOf = (pair: Pair): string => /\/h\/(h\d+)\//.exec(pair.pages[0]?.address ?? '')?.[1] ?? '';
export const portOf = (pair: Pair): string => new URL(pair.pages[0]?.address ?? '').port;

/** Both send, both see all of it. */
export async function move(pair: Pair, count = 5): Promise<void> {
  for (let index = 0; index < count; index++) {
    for (const page of pair.pages) page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(60)));
  }
  await Promise.all(pair.pages.map((page) => page.echoed()));
  await evened(pair);
}

async function evened({ pages }: Pair): Promise<void> {
  const head = Math.max(...pages.map((page) => page.records.length));
  await Promise.all(pages.map((page) => page.has(head)));
}

/** Both pages have one log, were never reset, and a newcomer is told the same: what of it is not so. */
export async function wrongWith({ pages }: Pair): Promise<readonly string[]> {
  const [ada, ben] = pages as readonly [RoomClient, RoomClient];
  const wrong = pages.flatMap(({ resets, fault }) => [
    ...(resets > 0 ? ['a page was reset'] : []),
    ...(fault ? [fault.message] : []),
  ]);
  if (!Bun.deepEquals(lines(ben.records), lines(ada.records))) wrong.push('the pages have different logs');
  const newcomer = ada.sibling();
  newcomer.address = ada.address;
  await newcomer.reconnect();
  if (!Bun.deepEquals(lines(newcomer.records), lines(ada.records))) wrong.push('a newcomer gets another log');
  await newcomer.leave();
  return wrong;
}

/** Tries until its process serves again, as a page does. */
export async function backAtTheSameAddress(page: RoomClient): Promise<void> {
  while (true) {
    const met = await page.reconnect().then(
      () => true,
      () => false,
    );
    if (met) return;
    if (page.fault) throw page.fault;
    await Bun.sleep(50);
  }
}

export async function leave(...pairs: readonly Pair[]): Promise<void> {
  for (const { pages } of pairs) for (const page of pages) await page.leave();
}

/** Resolves when its connection has ended. */
export async function gone(page: RoomClient): Promise<void> {
  await page.until('its end', () => page.closedWith !== null);
}
