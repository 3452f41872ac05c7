/**
 * The heart of a session: what each frame of the server means, and what the page does on its own
 * (heartbeat, finish, taking over outboxes, waking up).
 */
import { drain } from '../protocol/drain.ts';
import { expect } from '../protocol/expect.ts';
import { heartbeat } from '../protocol/heartbeat.ts';
import { hello } from '../protocol/hello.ts';
import { hold } from '../protocol/hold.ts';
import { live } from '../protocol/live.ts';
import type { Fields, Message, ValuesOf } from '../protocol/message.ts';
import { presence } from '../protocol/presence.ts';
import { RECORD_VERSION, RecordKind } from '../protocol/record.ts';
import { refused } from '../protocol/refused.ts';
import { signals } from '../protocol/signals.ts';
import { PROTOCOL_VERSION } from '../protocol/version.ts';
import { Role, welcome } from '../protocol/welcome.ts';
import type { PlayerInfo, PlayStatus } from './client-api.ts';
import { Connection } from './connection.ts';
import { createListeners } from './listeners.ts';
import { Outboxes } from './outboxes.ts';
import { createPulse, type Pulse } from './pulse.ts';
import { createRoomClock, type RoomClock } from './room-clock.ts';
import { newReplay, type OnSkip, type Replay, replayRecords } from './reducer.ts';
import type { SessionOptions } from './session-api.ts';
import { createSignals, type Signals } from './signals.ts';
import { createTimer, type Timer } from './timer.ts';

/** How long a ping may stay unanswered after the network came back, or the page came to the front. */
export const ONLINE_PONG_MS = 500;
export const VISIBLE_PONG_MS = 3_000;
/** Outboxes of a page that was still closing when this one loaded are looked for once more. */
export const ADOPT_AGAIN_MS = 3_000;
/** Every seat waits its own time before it sends `finish`, so that usually one page does. */
export const FINISH_STEP_MS = 400;
/** A page that had nothing of the head it was told of for so long has lost something. */
export const BEHIND_MS = 2_000;
const REPORTED_SKIPS_MAX = 20;

type Welcome = ValuesOf<(typeof welcome)['fields']>;

export class Core<State, Move> {
  readonly options: SessionOptions<State, Move>;
  /** What the player sees; empty until the first replay is over. */
  shown: Replay<State> = newReplay();
  /** Where records go. After a reset the old one stays on show until this one has caught up. */
  building: Replay<State> = newReplay();
  players: readonly PlayerInfo[] = [];
  observers = 0;
  readonly outboxes: Outboxes;
  readonly connection: Connection;
  readonly signals: Signals;
  readonly clock: RoomClock;
  readonly changed = createListeners();
  readonly signalsChanged = createListeners();
  /** Of the last welcome. */
  welcome: Pick<Welcome, 'seat' | 'role' | 'bodyMax'> = { seat: 0, role: Role.player, bodyMax: Infinity };
  held = false;
  readonly #pulse: Pulse;
  readonly #finish: Timer;
  readonly #stopWaking: () => void;
  readonly #handlers = new Map<number | undefined, (frame: Uint8Array) => void>();
  #skips = 0;
  /** A head that a heartbeat told of before this page had it (0 = none), and when. */
  #ahead = 0;
  #aheadAt = 0;

  constructor(options: SessionOptions<State, Move>) {
    this.options = options;
    const { environment, report } = options;
    this.connection = new Connection(environment, {
      join: options.join,
      prepare: () => this.outboxes.adopt(),
      hello: (credential) => this.#hello(credential),
      heard: () => this.#pulse.heard(),
      frame: (frame) => this.#handle(frame),
      lost: () => this.#lost(),
      report,
    });
    this.outboxes = new Outboxes(options, this.connection);
    this.signals = createSignals(environment.after, this.connection);
    this.clock = createRoomClock(environment.now);
    this.#pulse = createPulse(environment, this.connection);
    this.#finish = createTimer(environment.after);
    this.#listen();
    this.#stopWaking = environment.onWake((why) => this.#woke(why));
    this.connection.start();
  }

  status(): PlayStatus {
    const { at } = this.connection;
    return at === 'live' && this.held ? 'hold' : at;
  }

  get observer(): boolean {
    return this.welcome.role === Role.observer;
  }

  /** Puts a message on its way, or reports why it was not taken. */
  send(kind: number, body: Uint8Array<ArrayBuffer>): void {
    let reason = '';
    if (this.observer) reason = 'observer';
    else if (body.length > this.welcome.bodyMax) reason = 'too large';
    else if (!this.outboxes.add(kind, body)) reason = 'too many unsent';
    if (reason !== '') this.options.report('refused', reason);
    this.changed.notify();
  }

  close(): void {
    this.#stopWaking();
    this.#finish.clear();
    this.connection.stop(null);
    this.changed.clear();
    this.signalsChanged.clear();
  }

  #hello(credential: string): Uint8Array<ArrayBuffer> {
    const { epoch, seq } = this.building;
    const clients = this.outboxes.hello();
    return hello.encode({ version: PROTOCOL_VERSION, credential, clients, epoch, seq });
  }

  #lost(): void {
    this.#pulse.stop();
    this.outboxes.lost();
    this.signals.lost();
    this.signalsChanged.notify();
    this.changed.notify();
    this.held = false;
    this.#ahead = 0;
  }

  #woke(why: 'online' | 'offline' | 'visible'): void {
    if (why === 'online') this.connection.online();
    if (why === 'visible') this.connection.start();
    this.#pulse.check(why === 'online' ? ONLINE_PONG_MS : VISIBLE_PONG_MS);
  }

  #handle(frame: Uint8Array): void {
    // A frame that this release does not know cannot change what it shows.
    this.#handlers.get(frame[0])?.(frame);
    this.changed.notify();
  }

  #on<F extends Fields>(declared: Message<F>, run: (values: ValuesOf<F>) => void): void {
    this.#handlers.set(declared.type, (frame) => {
      const values = declared.decode(frame);
      if (values === null) this.connection.retry(`malformed ${declared.name}`);
      else run(values);
    });
  }

  #listen(): void {
    this.#handlers.set(RECORD_VERSION, (frame) => this.#records(frame));
    this.#on(welcome, (values) => this.#welcomed(values));
    this.#on(heartbeat, ({ seq, roomMs }) => this.#heartbeat(seq, roomMs));
    this.#on(live, ({ seq }) => this.#live(seq));
    this.#on(signals, ({ changed }) => {
      this.signals.receive(changed, this.welcome.seat);
      this.signalsChanged.notify();
    });
    this.#on(presence, ({ seats, observers }) => {
      this.players = seats.map((seat) => ({ ...seat, online: seat.online === 1 }));
      this.observers = observers;
    });
    this.#on(hold, ({ on }) => {
      this.held = on === 1;
      this.outboxes.hold(this.held);
    });
    this.#on(expect, ({ client, next }) => this.outboxes.expect(client, next));
    this.#on(refused, ({ client, clientSeq, reason }) => {
      this.options.report('refused', String(reason));
      this.outboxes.refused(client, clientSeq, reason);
    });
    this.#on(drain, ({ windowMs }) => {
      this.connection.windowMs = windowMs;
    });
  }

  #welcomed(values: Welcome): void {
    this.welcome = values;
    this.connection.welcomed(values.pass);
    if (values.resumed === 0) this.building = newReplay();
    this.clock.restart(values.roomMs);
    this.#pulse.start(values.heartbeatMs);
    this.outboxes.welcomed(values.clients, this.observer ? 0 : Math.max(1, values.rate), values.burst);
  }

  #records(frame: Uint8Array): void {
    const { report, rules } = this.options;
    const onSkip: OnSkip = (seq, why, detail) => {
      if (this.#skips++ < REPORTED_SKIPS_MAX) report('rules', `${seq} ${why} ${detail}`);
    };
    const outcome = replayRecords(this.building, frame, rules, onSkip, (record) =>
      this.outboxes.record(record),
    );
    if (outcome !== 'ok') return this.connection.retry(`${outcome} after ${this.building.seq}`);
    if (!this.connection.live) return;
    this.clock.reading(this.building.ms);
    this.#finishIfDone();
  }

  #live(seq: number): void {
    if (this.building.seq < seq) return this.connection.retry(`replay ended before ${seq}`);
    this.shown = this.building;
    this.connection.wentLive();
    this.outboxes.live();
    this.signals.live();
    this.#finishIfDone();
    this.connection.later(ADOPT_AGAIN_MS, () => void this.outboxes.adopt());
  }

  #heartbeat(seq: number, roomMs: number): void {
    this.clock.reading(roomMs);
    if (!this.connection.live) return;
    const at = this.building.seq;
    const now = this.options.environment.now();
    if (at >= this.#ahead) {
      this.#ahead = seq > at ? seq : 0;
      this.#aheadAt = now;
    } else if (now - this.#aheadAt >= BEHIND_MS) this.connection.retry(`behind: ${at} of ${this.#ahead}`);
  }

  /** Some page has to say that the game is over; the first one counts. */
  #finishIfDone(): void {
    if (!this.#finishDue() || this.#finish.armed()) return;
    const { environment } = this.options;
    const wait = (this.welcome.seat + environment.random()) * FINISH_STEP_MS;
    this.#finish.set(wait, () => {
      if (this.connection.live && this.#finishDue()) this.send(RecordKind.finish, new Uint8Array());
    });
  }

  #finishDue(): boolean {
    const { progress, finishSeen } = this.building;
    if (!progress?.done || finishSeen || this.observer) return false;
    return !this.outboxes.pending().some(({ kind }) => kind === RecordKind.finish);
  }
}
