/**
 * Pages of the SDK outside a browser, over the runtime's WebSocket. The state of their game is the order of
 * the moves, and each move names its author: two pages with different orders cannot agree.
 */
import { connect, inflate } from '../../../sdk/src/browser-environment.ts';
import { memoryOutbox } from '../../../sdk/src/browser-outbox.ts';
import { defineGame } from '../../../sdk/src/rules.ts';
import { openSession } from '../../../sdk/src/session.ts';
import type { Environment, JoinAnswer, Session } from '../../../sdk/src/session-api.ts';

interface Order {
  /** `name:number` of every move, in the order of the log. */
  readonly order: readonly string[];
}
interface Move {
  readonly id: string;
}

const orderGame = defineGame<Order, Move>({
  init: () => ({ order: [] }),
  parse: (value) => value as Move,
  apply: ({ order }, { id }) => ({ order: [...order, id] }),
  progress: () => ({ puzzles: [], done: false, hints: 0 }),
  hints: () => [],
});

export interface SdkPageOptions {
  readonly name: string;
  join(): Promise<JoinAnswer>;
  /** The page's clock runs this many times as fast. */
  readonly speed?: number;
  /** Wraps the page's sockets. */
  readonly network?: (own: Environment['connect']) => Environment['connect'];
}

export class SdkPage {
  readonly session: Session<Order, Move>;
  /** Reports of the session: reconnects with their causes, errors. */
  readonly reports: string[] = [];
  made = 0;
  readonly name: string;
  private playing: Timer | null = null;

  constructor({ name, join, speed = 1, network = (own) => own }: SdkPageOptions) {
    this.name = name;
    this.session = openSession({
      room: 'room',
      rules: orderGame,
      environment: environment(speed, network),
      join,
      report: (kind, detail) => {
        this.reports.push(`${kind} ${detail}`);
      },
    });
  }

  get order(): readonly string[] {
    return this.session.state()?.order ?? [];
  }

  move(): void {
    this.session.send({ id: `${this.name}:${++this.made}` });
  }

  /** Moves every `everyMs` until `stopPlaying`. */
  play(everyMs: number): void {
    this.playing = setInterval(() => this.move(), everyMs);
  }

  stopPlaying(): void {
    if (this.playing) clearInterval(this.playing);
    this.playing = null;
  }

  /** Checks after each change; rejects when the page has stopped with a code. */
  until(met: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let leave = () => {};
      const check = () => {
        const code = this.session.stopCode();
        if (!met() && code === null) return;
        leave();
        if (met()) resolve();
        else reject(new Error(`${this.name} stopped with ${code}: ${this.reports.join(', ')}`));
      };
      leave = this.session.onChange(check);
      check();
    });
  }

  live(): Promise<void> {
    return this.until(() => this.session.status() === 'live');
  }

  /** Resolves when all its moves were echoed. */
  echoed(): Promise<void> {
    return this.until(() => this.session.unsent() === 0);
  }

  close(): void {
    this.stopPlaying();
    this.session.close();
  }
}

/**
 * Stops all pages, waits until they have received everything, and returns what is wrong: a move that is
 * missing, repeated or out of its author's order, or different orders.
 */
export async function problemsOf(pages: readonly SdkPage[]): Promise<readonly string[]> {
  for (const page of pages) page.stopPlaying();
  await Promise.all(pages.map((page) => page.echoed()));
  const longest = () => Math.max(...pages.map(({ order }) => order.length));
  await Promise.all(pages.map((page) => page.until(() => page.order.length >= longest())));
  const made = new Map(pages.map(({ name, made: count }) => [name, count]));
  const [first] = pages;
  return pages.flatMap(({ name, order }) => problemsOfOrder(name, order, first?.order ?? [], made));
}

/** Compares two orders. `made`: name of a page → number of moves that it made. */
export function problemsOfOrder(
  name: string,
  order: readonly string[],
  other: readonly string[],
  made: ReadonlyMap<string, number>,
): readonly string[] {
  const wrong = Bun.deepEquals(order, other) ? [] : [`${name} saw another order`];
  for (const [author, count] of made) {
    const own = order.filter((id) => id.startsWith(`${author}:`));
    const wanted = Array.from({ length: count }, (_, index) => `${author}:${index + 1}`);
    const missing = wanted.filter((id) => !own.includes(id));
    if (missing.length > 0) wrong.push(`${name} lacks ${missing.join(' ')}`);
    if (new Set(own).size < own.length) wrong.push(`${name} saw moves of ${author} twice`);
    else if (missing.length === 0 && !Bun.deepEquals(own, wanted))
      wrong.push(`${name} saw ${author} out of order`);
  }
  return wrong;
}

function environment(speed: number, network: NonNullable<SdkPageOptions['network']>): Environment {
  return {
    now: () => performance.now() * speed,
    after(ms, run) {
      const timer = setTimeout(run, Math.ceil(ms / speed));
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    connect: network(connect),
    inflate,
    outbox: memoryOutbox,
    onWake: () => () => {},
  };
}
