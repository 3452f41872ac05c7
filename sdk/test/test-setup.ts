/** The setup of the session tests: a room, a network, devices and pages, all in memory. */
import { inflateRawSync } from 'node:zlib';
import { openSession } from '../src/session.ts';
import type { Environment, JoinAnswer, Session } from '../src/session-api.ts';
import { type AddingMove, type AddingState, addingGame } from './adding-game.ts';
import { TestDevice } from './test-device.ts';
import { FakeTime } from './fake-time.ts';
import { ScriptedRoom } from './scripted-room.ts';
import { ScriptedSocket } from './scripted-network.ts';

type WakeListener = (why: 'online' | 'offline' | 'visible') => void;

export class TestPage {
  readonly sockets: ScriptedSocket[] = [];
  readonly reports: string[] = [];
  joins = 0;
  /** With `holdsInflate`, chunks are inflated when a test calls these. */
  readonly pendingInflates: (() => void)[] = [];
  holdsInflate = false;
  private readonly wakeListeners: Set<WakeListener>;
  private readonly releaseLocks: () => void;
  private openedSession: Session<AddingState, AddingMove> | null = null;

  constructor(wakeListeners: Set<WakeListener>, gone: () => void) {
    this.wakeListeners = wakeListeners;
    this.releaseLocks = gone;
  }

  get session(): Session<AddingState, AddingMove> {
    if (this.openedSession === null) throw new Error('the page has not opened its session');
    return this.openedSession;
  }

  set session(session: Session<AddingState, AddingMove>) {
    this.openedSession = session;
  }

  /** The page's last socket; throws if there is none. */
  get socket(): ScriptedSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error('no socket was opened');
    return last;
  }

  get sum(): number | undefined {
    return this.session.state()?.sum;
  }

  wake(why: 'online' | 'offline' | 'visible'): void {
    for (const listener of this.wakeListeners) listener(why);
  }

  /** Closes the page, as a reload does: its session ends and its locks are released. */
  leave(): void {
    this.session.close();
    this.releaseLocks();
  }
}

export interface PageOptions {
  readonly seat?: number;
  readonly device?: TestDevice;
  readonly join?: (tries: number) => Promise<JoinAnswer>;
  readonly random?: () => number;
}

export class TestSetup {
  readonly time = new FakeTime();
  readonly room = new ScriptedRoom(this.time);
  readonly pages: TestPage[] = [];
  /** While false, new sockets do not reach the server. */
  online = true;
  latencyMs = 10;
  /** While true, new sockets hold the server's frames until `releaseHeldFrames`. */
  gathersFrames = false;
  private lastId = 0;
  private seed = 1;

  /** Opens a page and, with `wait`, waits until it is live. */
  async open(options: PageOptions = {}, wait = true): Promise<TestPage> {
    const seat = options.seat ?? 1;
    const device = (options.device ?? new TestDevice()).page();
    const wakeListeners = new Set<WakeListener>();
    const page = new TestPage(wakeListeners, device.releaseLocks);
    const environment = { ...this.environment(seat, options, wakeListeners, page), outbox: device.store };
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

  private environment(
    seat: number,
    options: PageOptions,
    wakeListeners: Set<WakeListener>,
    page: TestPage,
  ): Environment {
    const { time } = this;
    return {
      now: () => time.now(),
      after: (ms, run) => time.after(ms, run),
      random: options.random ?? (() => this.random()),
      randomBytes: (length) => new Uint8Array(length).fill(++this.lastId),
      connect: (url, events) => {
        const socket = new ScriptedSocket(time, url, events, this.latencyMs);
        page.sockets.push(socket);
        if (this.gathersFrames) socket.heldFrames = [];
        if (this.online) this.room.seat(socket, seat);
        return socket.pageEnd();
      },
      inflate: (deflated) => {
        const bytes = new Uint8Array(inflateRawSync(deflated));
        if (!page.holdsInflate) return Promise.resolve(bytes);
        return new Promise((resolve) => page.pendingInflates.push(() => resolve(bytes)));
      },
      outbox: { save: () => Promise.resolve(), takeOver: () => Promise.resolve([]) },
      onWake(listener) {
        wakeListeners.add(listener);
        return () => wakeListeners.delete(listener);
      },
    };
  }

  private random(): number {
    this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return this.seed / 0x8000_0000;
  }
}

export const add = (n: number): AddingMove => ({ type: 'add', n });
