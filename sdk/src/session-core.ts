/**
 * The state of a session: handles the server's frames, and does what the page starts itself (pings,
 * finish, taking over outboxes, reconnecting on wake-up).
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
import { createLivenessMonitor, type LivenessMonitor } from './liveness-monitor.ts';
import { createRoomClock, type RoomClock } from './room-clock.ts';
import { newReplay, type OnSkip, type Replay, replayRecords } from './reducer.ts';
import type { SessionOptions } from './session-api.ts';
import { createSignals, type Signals } from './signals.ts';
import { createTimer, type Timer } from './timer.ts';

/** How long to wait for the response to a ping after the network came back, and after the page became visible. */
export const ONLINE_PONG_TIMEOUT_MS = 500;
export const VISIBLE_PONG_TIMEOUT_MS = 3_000;
/** After this time live, outboxes are taken over once more: their page may still have been closing at the first try. */
export const TAKE_OVER_AGAIN_MS = 3_000;
/** The wait before sending `finish`, per seat number, so that usually one page sends it. */
export const FINISH_STEP_MS = 400;
/** A page reconnects if, at least this long after a heartbeat, it still lacks that heartbeat's head at a later heartbeat. */
export const BEHIND_MS_MAX = 2_000;
const REPORTED_SKIPS_MAX = 20;

type Welcome = ValuesOf<(typeof welcome)['fields']>;

export class SessionCore<State, Move> {
  readonly options: SessionOptions<State, Move>;
  /** What the player sees; empty until the first replay is complete. */
  shown: Replay<State> = newReplay();
  /** The records are applied here. After a reset `shown` is kept until this replay is complete. */
  building: Replay<State> = newReplay();
  players: readonly PlayerInfo[] = [];
  observers = 0;
  readonly outboxes: Outboxes;
  readonly connection: Connection;
  readonly signals: Signals;
  readonly clock: RoomClock;
  readonly changed = createListeners();
  readonly signalsChanged = createListeners();
  /** Values of the last welcome. */
  welcome: Pick<Welcome, 'seat' | 'role' | 'bodyMax'> = { seat: 0, role: Role.player, bodyMax: Infinity };
  isHeld = false;
  private readonly liveness: LivenessMonitor;
  private readonly finishTimer: Timer;
  private readonly stopListeningToWake: () => void;
  private readonly handlers = new Map<number | undefined, (frame: Uint8Array) => void>();
  private skipCount = 0;
  /** A heartbeat's head that this page does not have yet (0 = none), and when it arrived. */
  private announcedHead = 0;
  private announcedAt = 0;

  constructor(options: SessionOptions<State, Move>) {
    this.options = options;
    const { environment, report } = options;
    this.connection = new Connection(environment, {
      join: options.join,
      beforeConnect: () => this.outboxes.takeOver(),
      encodeHello: (credential) => this.encodeHello(credential),
      onActivity: () => this.liveness.onActivity(),
      onFrame: (frame) => this.onFrame(frame),
      onDisconnect: () => this.onDisconnect(),
      report,
    });
    this.outboxes = new Outboxes(options, this.connection);
    this.signals = createSignals(environment.after, this.connection);
    this.clock = createRoomClock(environment.now);
    this.liveness = createLivenessMonitor(environment, this.connection);
    this.finishTimer = createTimer(environment.after);
    this.addHandlers();
    this.stopListeningToWake = environment.onWake((why) => this.onWake(why));
    this.connection.connectNow();
  }

  status(): PlayStatus {
    const { status } = this.connection;
    return status === 'live' && this.isHeld ? 'hold' : status;
  }

  get observer(): boolean {
    return this.welcome.role === Role.observer;
  }

  /** Sends a message, or reports why it was not accepted. */
  send(kind: number, body: Uint8Array<ArrayBuffer>): void {
    let reason = '';
    if (this.observer) reason = 'observer';
    else if (body.length > this.welcome.bodyMax) reason = 'too large';
    else if (!this.outboxes.add(kind, body)) reason = 'too many unsent';
    if (reason !== '') this.options.report('refused', reason);
    this.changed.notify();
  }

  close(): void {
    this.stopListeningToWake();
    this.finishTimer.clear();
    this.connection.stop(null);
    this.changed.clear();
    this.signalsChanged.clear();
  }

  private encodeHello(credential: string): Uint8Array<ArrayBuffer> {
    const { epoch, seq } = this.building;
    const clients = this.outboxes.helloClients();
    return hello.encode({ version: PROTOCOL_VERSION, credential, clients, epoch, seq });
  }

  private onDisconnect(): void {
    this.liveness.stop();
    this.outboxes.onDisconnect();
    this.signals.onDisconnect();
    this.signalsChanged.notify();
    this.changed.notify();
    this.isHeld = false;
    this.announcedHead = 0;
  }

  private onWake(why: 'online' | 'offline' | 'visible'): void {
    if (why === 'online') this.connection.onNetworkBack();
    if (why === 'visible') this.connection.connectNow();
    this.liveness.probe(why === 'online' ? ONLINE_PONG_TIMEOUT_MS : VISIBLE_PONG_TIMEOUT_MS);
  }

  private onFrame(frame: Uint8Array): void {
    // Unknown frames are ignored.
    this.handlers.get(frame[0])?.(frame);
    this.changed.notify();
  }

  private addHandler<F extends Fields>(declared: Message<F>, run: (values: ValuesOf<F>) => void): void {
    this.handlers.set(declared.type, (frame) => {
      const values = declared.decode(frame);
      if (values === null) this.connection.retry(`malformed ${declared.name}`);
      else run(values);
    });
  }

  private addHandlers(): void {
    this.handlers.set(RECORD_VERSION, (frame) => this.onRecords(frame));
    this.addHandler(welcome, (values) => this.onWelcome(values));
    this.addHandler(heartbeat, ({ seq, roomMs }) => this.onHeartbeat(seq, roomMs));
    this.addHandler(live, ({ seq }) => this.onLive(seq));
    this.addHandler(signals, ({ changed }) => {
      this.signals.receive(changed, this.welcome.seat);
      this.signalsChanged.notify();
    });
    this.addHandler(presence, ({ seats, observers }) => {
      this.players = seats.map((seat) => ({ ...seat, online: seat.online === 1 }));
      this.observers = observers;
    });
    this.addHandler(hold, ({ on }) => {
      this.isHeld = on === 1;
      this.outboxes.onHold(this.isHeld);
    });
    this.addHandler(expect, ({ client, next }) => this.outboxes.onExpect(client, next));
    this.addHandler(refused, ({ client, clientSeq, reason }) => {
      this.options.report('refused', String(reason));
      this.outboxes.onRefused(client, clientSeq, reason);
    });
    this.addHandler(drain, ({ windowMs }) => {
      this.connection.drainWindowMs = windowMs;
    });
  }

  private onWelcome(values: Welcome): void {
    this.welcome = values;
    this.connection.onWelcome(values.pass);
    if (values.resumed === 0) this.building = newReplay();
    this.clock.restart(values.roomMs);
    this.liveness.start(values.heartbeatMs);
    this.outboxes.onWelcome(values.clients, this.observer ? 0 : Math.max(1, values.rate), values.burst);
  }

  private onRecords(frame: Uint8Array): void {
    const { report, rules } = this.options;
    const onSkip: OnSkip = (seq, why, detail) => {
      if (this.skipCount++ < REPORTED_SKIPS_MAX) report('rules', `${seq} ${why} ${detail}`);
    };
    const outcome = replayRecords(this.building, frame, rules, onSkip, (record) =>
      this.outboxes.onRecord(record),
    );
    if (outcome !== 'ok') return this.connection.retry(`${outcome} after ${this.building.seq}`);
    if (!this.connection.isLive) return;
    this.clock.addReading(this.building.ms);
    this.scheduleFinish();
  }

  private onLive(seq: number): void {
    if (this.building.seq < seq) return this.connection.retry(`replay ended before ${seq}`);
    this.shown = this.building;
    this.connection.onLive();
    this.outboxes.onLive();
    this.signals.onLive();
    this.scheduleFinish();
    this.connection.schedule(TAKE_OVER_AGAIN_MS, () => void this.outboxes.takeOver());
  }

  private onHeartbeat(seq: number, roomMs: number): void {
    this.clock.addReading(roomMs);
    if (!this.connection.isLive) return;
    const at = this.building.seq;
    const now = this.options.environment.now();
    if (at >= this.announcedHead) {
      this.announcedHead = seq > at ? seq : 0;
      this.announcedAt = now;
    } else if (now - this.announcedAt >= BEHIND_MS_MAX)
      this.connection.retry(`behind: ${at} of ${this.announcedHead}`);
  }

  /** Sends `finish` after a wait if the game is over and no page has sent it; the first one counts. */
  private scheduleFinish(): void {
    if (!this.needsFinish() || this.finishTimer.isArmed()) return;
    const { environment } = this.options;
    const wait = (this.welcome.seat + environment.random()) * FINISH_STEP_MS;
    this.finishTimer.set(wait, () => {
      if (this.connection.isLive && this.needsFinish()) this.send(RecordKind.finish, new Uint8Array());
    });
  }

  private needsFinish(): boolean {
    const { progress, finishSeen } = this.building;
    if (!progress?.done || finishSeen || this.observer) return false;
    return !this.outboxes.pending().some(({ kind }) => kind === RecordKind.finish);
  }
}
