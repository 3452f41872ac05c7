/** Two clients in a room of the running program, whichever process serves the room. */
import { RecordKind } from '../../../sdk/protocol/record.ts';
import { enterRoom, freeLink, lines, RoomClient } from './room-client.ts';
import { type Site, type Visitor, siteVisitor } from './visitor.ts';

const GAME = 'dormouse-hour';

export interface Pair {
  readonly room: string;
  readonly visitors: readonly Visitor[];
  readonly pages: readonly RoomClient[];
}

/** Opens a new room with two players. */
export async function createPair(site: Site): Promise<Pair> {
  const visitors = [siteVisitor(site), siteVisitor(site)];
  const link = await freeLink(visitors[0] as Visitor, GAME);
  let room = '';
  for (const visitor of visitors) room = await enterRoom(visitor, link, 'Somebody');
  const pair = { room, visitors, pages: visitors.map(() => new RoomClient()) };
  await joinBoth(site, pair);
  return pair;
}

/** Both join and connect to their room. */
export async function joinBoth(site: Site, { room, visitors, pages }: Pair): Promise<void> {
  for (const [index, page] of pages.entries()) await page.enter(site, visitors[index] as Visitor, room);
}

export const slotOf = (pair: Pair): string => /\/h\/(h\d+)\//.exec(pair.pages[0]?.address ?? '')?.[1] ?? '';
export const portOf = (pair: Pair): string => new URL(pair.pages[0]?.address ?? '').port;

/** Both send `count` moves; resolves when both have received all. */
export async function sendMoves(pair: Pair, count = 5): Promise<void> {
  for (let index = 0; index < count; index++) {
    for (const page of pair.pages) page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(60)));
  }
  await Promise.all(pair.pages.map((page) => page.echoed()));
  await receivedAll(pair);
}

async function receivedAll({ pages }: Pair): Promise<void> {
  const head = Math.max(...pages.map((page) => page.records.length));
  await Promise.all(pages.map((page) => page.has(head)));
}

/** What is wrong: different logs, a reset, a violation, or another log for a new client. */
export async function problemsOf({ pages }: Pair): Promise<readonly string[]> {
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
  await newcomer.close();
  return wrong;
}

/** Reconnects to the same address until its process serves again. */
export async function reconnectUntilServed(page: RoomClient): Promise<void> {
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

export async function closePairs(...pairs: readonly Pair[]): Promise<void> {
  for (const { pages } of pairs) for (const page of pages) await page.close();
}

/** Resolves when its connection has ended. */
export async function disconnected(page: RoomClient): Promise<void> {
  await page.until('the close', () => page.closedWith !== null);
}
