/**
 * Teams that play in rooms of a running server as pages do, over any number of connections, and the
 * checker that says what a room's log lacks of what they have seen.
 */
import { type LogRecord, RecordKind } from '../../../sdk/protocol/record.ts';
import { enterRoom, freeLink, lines, RoomClient } from './room-client.ts';
import { type Site, siteVisitor } from './site-visitor.ts';

const GAME = 'dormouse-hour';
/** Sent and not seen echoed, per page. */
const WINDOW = 3;
/** A page sends no more over one connection: with what it sends again it stays below the burst. */
const MESSAGES_PER_CONNECTION = 45;
const BODY_BYTES_MAX = 700;

export interface Team {
  readonly room: string;
  readonly pages: readonly RoomClient[];
}

/** A new free room, and so many players in it. */
export async function newTeam(site: Site, size: number): Promise<Team> {
  const visitors = Array.from({ length: size }, () => siteVisitor(site));
  const [first] = visitors;
  if (!first) throw new Error('a team has players');
  const link = await freeLink(first, GAME);
  const pages: RoomClient[] = [];
  let room = '';
  for (const visitor of visitors) {
    room = await enterRoom(visitor, link, 'Somebody');
    const page = new RoomClient();
    await page.enter(site, visitor, room);
    pages.push(page);
  }
  return { room, pages };
}

/** All pages of the team lose their connection and come back. */
export async function comeBack(site: Site, { room, pages }: Team): Promise<void> {
  await Promise.all(
    pages.map(async (page) => {
      await page.leave();
      await page.comeBack(site, room);
    }),
  );
}

/**
 * Sends as fast as the echoes come, or every `pauseMs`, until the connection is gone or `going` says
 * no. Throws only if the server broke a rule.
 */
export async function play(
  page: RoomClient,
  { random, going, pauseMs = 0 }: { random: () => number; going: () => boolean; pauseMs?: number },
): Promise<void> {
  try {
    for (let sent = 0; going() && (pauseMs > 0 || sent < MESSAGES_PER_CONNECTION); sent++) {
      page.send(RecordKind.move, bodyOf(random));
      if (pauseMs > 0) await Bun.sleep(pauseMs);
      await page.until('fewer under way', () => page.outbox.length < WINDOW);
    }
  } catch (error) {
    if (page.fault || page.connected) throw error;
  }
}

/** No two alike, of any length. */
function bodyOf(random: () => number): Uint8Array {
  const length = 20 + Math.floor(random() ** 3 * BODY_BYTES_MAX);
  return crypto.getRandomValues(new Uint8Array(length));
}

/** How much of the log each page has, now: what must be in any log that is looked at later. */
export function seenBy({ pages }: Team): readonly number[] {
  return pages.map((page) => page.records.length);
}

/**
 * What is wrong with this log of the team's room: everything that was seen must be in its place, and
 * nothing may be there twice. `seen`: the moment that counts, from `seenBy`.
 */
export function faultsIn(log: readonly LogRecord[], team: Team, seen = seenBy(team)): readonly string[] {
  const faults: string[] = [];
  const there = lines(log);
  log.forEach(({ seq }, index) => {
    if (seq !== index + 1) faults.push(`entry ${seq} stands at place ${index + 1}`);
  });
  team.pages.forEach((page, index) => {
    const count = seen[index] ?? 0;
    const lost = count - log.length;
    if (lost > 0) faults.push(`page ${index} saw ${lost} entries that are gone`);
    const other = lines(page.records.slice(0, Math.min(count, log.length))).findIndex(
      (line, at) => line !== there[at],
    );
    if (other >= 0) faults.push(`page ${index} saw another entry ${other + 1}`);
    if (page.resets > 0) faults.push(`page ${index} was reset`);
    if (page.fault) faults.push(`page ${index}: ${page.fault.message}`);
  });
  return [...faults, ...outOfTurn(log)];
}

/** Messages of a client that do not come as 1, 2, 3 …: lost, twice, or overtaken. */
function outOfTurn(log: readonly LogRecord[]): readonly string[] {
  const faults: string[] = [];
  const last = new Map<number, number>();
  for (const { seq, client, clientSeq } of log) {
    if (clientSeq === 0) continue;
    const before = last.get(client) ?? 0;
    if (clientSeq !== before + 1)
      faults.push(`entry ${seq} is message ${client}/${clientSeq} after ${before}`);
    last.set(client, clientSeq);
  }
  return faults;
}

/** The log as someone gets it who comes anew. */
export async function logFromServer(site: Site, { room, pages }: Team): Promise<readonly LogRecord[]> {
  const newcomer = pages[0]?.sibling();
  if (!newcomer) throw new Error('a team has players');
  await newcomer.comeBack(site, room);
  await newcomer.leave();
  return newcomer.records;
}
