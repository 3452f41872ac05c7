/**
 * Pages of the SDK outside a browser, over the runtime's WebSocket. Their game keeps the order of the
 * moves: two pages that saw it differently cannot agree, and each move says who made it.
 */
import { connect, inflate } from '../../../sdk/src/browser-environment.ts';
import { memoryOutbox } from '../../../sdk/src/browser-outbox.ts';
import { defineGame } from '../../../sdk/src/rules.ts';
import { openSession } from '../../../sdk/src/session.ts';
import type { Environment, JoinAnswer, Session } from '../../../sdk/src/session-api.ts';

interface Told {
  /** `name:number` of every move, in the order of the log. */
  readonly order: readonly string[];
}
interface Move {
  readonly id: string;
}

const orderGame = defineGame<Told, Move>({
  init: () => ({ order: [] }),
  parse: (value) => value as Move,
  apply: ({ order }, { id }) => ({ order: [...order, id] }),
  progress: () => ({ puzzles: [], done: false, hints: 0 }),
  hints: () => [],
});

export interface SdkPageOptions {
  readonly name: string;
  join(): Promise<JoinAnswer>;
  /** So many seconds of the page to one of ours. */
  readonly speed?: number;
  /** What stands between the page and its sockets. */
  readonly network?: (own: Environment['connect']) => Environment['connect'];
}

export class SdkPage {
  readonly session: Session<Told, Move>;
  /** What it reported: reconnects and their causes, errors. */
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

  /** Moves again and again until `rest`. */
  play(everyMs: number): void {
    this.playing = setInterval(() => this.move(), everyMs);
  }

  rest(): void {
    if (this.playing) clearInterval(this.playing);
    this.playing = null;
  }

  /** Looks after each change; a page that stopped for good rejects. */
  until(met: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let leave = () => {};
      const look = () => {
        const code = this.session.stopCode();
        if (!met() && code === null) return;
        leave();
        if (met()) resolve();
        else reject(new Error(`${this.name} stopped with ${code}: ${this.reports.join(', ')}`));
      };
      leave = this.session.onChange(look);
      look();
    });
  }

  live(): Promise<void> {
    return this.until(() => this.session.status() === 'live');
  }

  /** Everything it made was echoed. */
  echoed(): Promise<void> {
    return this.until(() => this.session.unsent() === 0);
  }

  close(): void {
    this.rest();
    this.session.close();
  }
}

/**
 * All pages stop playing and get everything; answers what is wrong with what they saw then: a move
 * that is missing, came twice or out of its maker's order, or another order on another page.
 */
export async function wrongWith(pages: readonly SdkPage[]): Promise<readonly string[]> {
  for (const page of pages) page.rest();
  await Promise.all(pages.map((page) => page.echoed()));
  const longest = () => Math.max(...pages.map(({ order }) => order.length));
  await Promise.all(pages.map((page) => page.until(() => page.order.length >= longest())));
  const made = new Map(pages.map(({ name, made: count }) => [name, count]));
  const [first] = pages;
  return pages.flatMap(({ name, order }) => wrongOrder(name, order, first?.order ?? [], made));
}

/** As above, for an order that was seen elsewhere. `made` = how many moves each page made, by its name. */
export function wrongOrder(
  name: string,
  order: readonly string[],
  other: readonly string[],
  made: ReadonlyMap<string, number>,
): readonly string[] {
  const wrong = Bun.deepEquals(order, other) ? [] : [`${name} saw another order`];
  for (const [maker, count] of made) {
    const own = order.filter((id) => id.startsWith(`${maker}:`));
    const wanted = Array.from({ length: count }, (_, index) => `${maker}:${index + 1}`);
    const missing = wanted.filter((id) => !own.includes(id));
    if (missing.length > 0) wrong.push(`${name} lacks ${missing.join(' ')}`);
    if (new Set(own).size < own.length) wrong.push(`${name} saw moves of ${maker} twice`);
    else if (missing.length === 0 && !Bun.deepEquals(own, wanted))
      wrong.push(`${name} saw ${maker} out of order`);
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
