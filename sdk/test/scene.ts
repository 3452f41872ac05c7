/** A room, a device and pages on it, all in memory: the stage of the session's tests. */
import { inflateRawSync } from 'node:zlib';
import { openSession } from '../src/session.ts';
import type { Environment, JoinAnswer, Session } from '../src/session-api.ts';
import { type AddingMove, type AddingState, addingGame } from './adding-game.ts';
import { Device } from './device.ts';
import { FakeTime } from './fake-time.ts';
import { ScriptedRoom } from './scripted-room.ts';
import { ScriptedSocket } from './scripted-network.ts';

type Waker = (why: 'online' | 'offline' | 'visible') => void;

export class Page {
  readonly sockets: ScriptedSocket[] = [];
  readonly reports: string[] = [];
  joins = 0;
  /** Chunks are inflated only when a test calls these. */
  readonly inflating: (() => void)[] = [];
  slowInflate = false;
  readonly #wakers: Set<Waker>;
  readonly #gone: () => void;
  #session: Session<AddingState, AddingMove> | null = null;

  constructor(wakers: Set<Waker>, gone: () => void) {
    this.#wakers = wakers;
    this.#gone = gone;
  }

  get session(): Session<AddingState, AddingMove> {
    if (this.#session === null) throw new Error('the page has not opened its session');
    return this.#session;
  }

  set session(session: Session<AddingState, AddingMove>) {
    this.#session = session;
  }

  /** The last socket; throws if there is none. */
  get socket(): ScriptedSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error('no socket was opened');
    return last;
  }

  get sum(): number | undefined {
    return this.session.state()?.sum;
  }

  wake(why: 'online' | 'offline' | 'visible'): void {
    for (const waker of this.#wakers) waker(why);
  }

  /** The page is closed or loaded anew: nothing of it goes on, its locks are free. */
  leave(): void {
    this.session.close();
    this.#gone();
  }
}

export interface PageOptions {
  readonly seat?: number;
  readonly device?: Device;
  readonly join?: (tries: number) => Promise<JoinAnswer>;
  readonly random?: () => number;
}

export class Scene {
  readonly time = new FakeTime();
  readonly room = new ScriptedRoom(this.time);
  readonly pages: Page[] = [];
  /** New sockets find nobody while false. */
  online = true;
  latencyMs = 10;
  /** What the server sends over new sockets waits until it arrives together. */
  gathers = false;
  #ids = 0;
  #seed = 1;

  /** Opens a page and waits until it is live, unless told not to. */
  async open(options: PageOptions = {}, wait = true): Promise<Page> {
    const seat = options.seat ?? 1;
    const device = (options.device ?? new Device()).page();
    const wakers = new Set<Waker>();
    const page = new Page(wakers, device.gone);
    const environment = { ...this.#environment(seat, options, wakers, page), outbox: device.store };
    page.session = openSession({
      room: 'r',
      rules: addingGame,
      environment,
      join: () => {
        page.joins++;
        if (options.join) return options.join(page.joins);
        return Promise.resolve({ ok: true, socket: 'ws://test', ticket: `ticket:${seat}` });
      },
      report: (kind, detail) => page.reports.push(`${kind} ${detail}`),
    });
    this.pages.push(page);
    if (wait) await this.time.advance(200);
    return page;
  }

  #environment(seat: number, options: PageOptions, wakers: Set<Waker>, page: Page): Environment {
    const { time } = this;
    return {
      now: () => time.now(),
      after: (ms, run) => time.after(ms, run),
      random: options.random ?? (() => this.#random()),
      randomBytes: (length) => new Uint8Array(length).fill(++this.#ids),
      connect: (url, events) => {
        const socket = new ScriptedSocket(time, url, events, this.latencyMs);
        page.sockets.push(socket);
        if (this.gathers) socket.gathered = [];
        if (this.online) this.room.seat(socket, seat);
        return socket.pageEnd();
      },
      inflate: (deflated) => {
        const bytes = new Uint8Array(inflateRawSync(deflated));
        if (!page.slowInflate) return Promise.resolve(bytes);
        return new Promise((resolve) => page.inflating.push(() => resolve(bytes)));
      },
      outbox: { save: () => Promise.resolve(), adopt: () => Promise.resolve([]) },
      onWake(listener) {
        wakers.add(listener);
        return () => wakers.delete(listener);
      },
    };
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return this.#seed / 0x8000_0000;
  }
}

export const add = (n: number): AddingMove => ({ type: 'add', n });
