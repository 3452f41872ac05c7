/**
 * Teams of clients in rooms of a running server, and the check that compares a room's log with what they
 * have seen.
 */
import { type LogRecord, RecordKind } from '../../../sdk/protocol/record.ts';
import { enterRoom, freeLink, lines, RoomClient } from './room-client.ts';
import { type Site, siteVisitor } from './visitor.ts';

const GAME = 'dormouse-hour';
/** Messages without an echo, per page. */
const WINDOW = 3;
/** Most messages per connection: together with resent ones it stays below the burst limit. */
const MESSAGES_PER_CONNECTION = 45;
const BODY_BYTES_MAX = 700;

export interface Team {
  readonly room: string;
  readonly pages: readonly RoomClient[];
}

/** Opens a free room with `size` players. */
export async function createTeam(site: Site, size: number): Promise<Team> {
  const visitors = Array.from({ length: size }, () => siteVisitor(site));
  const [first] = visitors;
  if (!first) throw new Error('a team needs players');
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

/** All pages of the team close their connection and reconnect. */
export async function reconnectTeam(site: Site, { room, pages }: Team): Promise<void> {
  await Promise.all(
    pages.map(async (page) => {
      await page.close();
      await page.reconnectTo(site, room);
    }),
  );
}

/**
 * Sends moves, each after an echo or every `pauseMs`, until the connection ends or `going` returns false. Throws only
 * after a violation by the server.
 */
export async function play(
  page: RoomClient,
  { random, going, pauseMs = 0 }: { random: () => number; going: () => boolean; pauseMs?: number },
): Promise<void> {
  let sent = 0;
  const isAllowed = (): boolean => pauseMs > 0 || sent++ < MESSAGES_PER_CONNECTION;
  await sendWhile(page, {
    window: WINDOW,
    pauseMs,
    going: () => going() && isAllowed(),
    body: () => bodyOf(random),
  });
}

export interface SendOptions {
  /** Messages without an echo, at most. */
  readonly window: number;
  /** Pause after each message; default: none. */
  readonly pauseMs?: number;
  readonly going: () => boolean;
  /** The body of the page's message `clientSeq`. */
  readonly body: (clientSeq: number) => Uint8Array;
}

/** As `play`, without a limit on the number of messages. */
export async function sendWhile(
  page: RoomClient,
  { window, pauseMs = 0, going, body }: SendOptions,
): Promise<void> {
  try {
    while (going()) {
      page.send(RecordKind.move, body(page.sent + 1));
      if (pauseMs > 0) await Bun.sleep(pauseMs);
      await page.until('an echo', () => page.outbox.length < window);
    }
  } catch (error) {
    if (page.fault || page.isConnected) throw error;
  }
}

/** Random bytes of random length, 20 bytes or more. */
function bodyOf(random: () => number): Uint8Array {
  const length = 20 + Math.floor(random() ** 3 * BODY_BYTES_MAX);
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Number of entries that each page has now: any later log must contain them. */
export function countsSeen({ pages }: Team): readonly number[] {
  return pages.map((page) => page.records.length);
}

/**
 * Compares a log of the team's room with what the team has seen up to `seen` (from `countsSeen`):
 * everything must be in its place, and nothing may be there twice.
 */
export function faultsIn(log: readonly LogRecord[], team: Team, seen = countsSeen(team)): readonly string[] {
  const faults: string[] = [];
  const there = lines(log);
  log.forEach(({ seq }, index) => {
    if (seq !== index + 1) faults.push(`entry ${seq} is at place ${index + 1}`);
  });
  team.pages.forEach((page, index) => {
    const count = seen[index] ?? 0;
    const lost = count - log.length;
    if (lost > 0) faults.push(`page ${index} saw ${lost} entries that are missing`);
    const other = lines(page.records.slice(0, Math.min(count, log.length))).findIndex(
      (line, at) => line !== there[at],
    );
    if (other >= 0) faults.push(`page ${index} saw another entry ${other + 1}`);
    if (page.resets > 0) faults.push(`page ${index} was reset`);
    if (page.fault) faults.push(`page ${index}: ${page.fault.message}`);
  });
  return [...faults, ...outOfOrder(log)];
}

/** Messages of a client whose numbers are not 1, 2, 3 …: lost, repeated or reordered. */
function outOfOrder(log: readonly LogRecord[]): readonly string[] {
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

/** The log that a new client receives. */
export async function logFromServer(site: Site, { room, pages }: Team): Promise<readonly LogRecord[]> {
  const newcomer = pages[0]?.sibling();
  if (!newcomer) throw new Error('a team has players');
  await newcomer.reconnectTo(site, room);
  await newcomer.close();
  return newcomer.records;
}
