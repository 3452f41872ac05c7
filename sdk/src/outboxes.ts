/**
 * All messages this page sends: its own outbox and those it took over from closed pages. They are kept
 * in the store until echoed, and sent no faster than the welcome allows.
 *
 * The page works from its copy in memory: if the store fails, unsent messages do not survive a reload.
 */
import { CLIENTS_MAX } from '../protocol/hello.ts';
import { type LogRecord, RecordKind } from '../protocol/record.ts';
import { REFUSED_FOR_GOOD } from '../protocol/refused.ts';
import { encodeSend } from '../protocol/send.ts';
import type { Connection } from './connection.ts';
import { fromHex, toHex } from './hex.ts';
import { Outbox } from './outbox.ts';
import type { Environment, OutboxStore, SessionOptions, StoredSend } from './session-api.ts';
import { createTimer, type Timer, withTimeout } from './timer.ts';

/** Maximum number of pending messages; more are not accepted. */
export const PENDING_MAX = 1_000;
/** How long connecting, or sending renumbered messages, waits for the store. */
export const STORE_TIMEOUT_MS = 1_500;

type OutboxesOptions = Pick<SessionOptions<never, never>, 'environment' | 'report'>;

export class Outboxes {
  readonly own: Outbox;
  private readonly environment: Environment;
  private readonly connection: Connection;
  private readonly report: (kind: string, detail: string) => void;
  private readonly sendTimer: Timer;
  private takenOver: Outbox[] = [];
  /** The server cannot store messages now. */
  private isHeld = false;
  /** Store errors are reported once. */
  private hasStoreFailed = false;
  // The send rate is limited by GCRA (generic cell rate algorithm): `intervalMs` is its emission interval
  // (0 = nothing may be sent), `arrivalAt` its theoretical arrival time, `toleranceMs` its tolerance.
  private intervalMs = 0;
  private arrivalAt = 0;
  private toleranceMs = 0;

  constructor({ environment, report }: OutboxesOptions, connection: Connection) {
    this.environment = environment;
    this.report = report;
    this.connection = connection;
    this.sendTimer = createTimer(environment.after);
    this.own = new Outbox(toHex(environment.randomBytes(16)));
    // Nothing to store yet: this opens the store, so that the first message is stored without delay.
    void this.save(this.own);
  }

  /** All messages not echoed, those taken over first. */
  pending(): StoredSend[] {
    return this.all().flatMap((outbox) => outbox.pending);
  }

  /** Returns false if PENDING_MAX messages are pending already. */
  add(kind: number, body: Uint8Array<ArrayBuffer>): boolean {
    if (this.own.pending.length >= PENDING_MAX) return false;
    this.own.add(kind, body);
    void this.save(this.own);
    this.sendDue();
    return true;
  }

  /** Takes over the outboxes of closed pages; waits for the store at most STORE_TIMEOUT_MS. */
  takeOver(): Promise<void> {
    return this.withStore(async ({ takeOver }) => {
      for (const { client, sends } of await takeOver(CLIENTS_MAX - 1 - this.takenOver.length)) {
        this.takenOver.push(new Outbox(client, sends));
      }
      // If the store was slow, the page is live already: client ids that are not in its hello need a new one.
      if (this.connection.isLive && this.takenOver.some((outbox) => outbox.helloIndex < 0)) {
        this.connection.retry('outbox taken over', 0);
      }
    });
  }

  /** The client ids for a new hello. */
  helloClients(): { id: Uint8Array }[] {
    this.takenOver = this.takenOver.filter((outbox) => outbox.pending.length > 0);
    return [this.own, ...this.takenOver].slice(0, CLIENTS_MAX).map((outbox, index) => {
      outbox.helloIndex = index;
      return { id: fromHex(outbox.id) };
    });
  }

  /** Starts sending; `rate` is 0 for an observer. */
  onWelcome(clients: readonly { number: number; lastSeq: number }[], rate: number, burst: number): void {
    for (const [index, { number, lastSeq }] of clients.entries()) {
      this.atIndex(index)?.onWelcome(number, lastSeq);
    }
    this.intervalMs = rate && 1_000 / rate;
    this.toleranceMs = (burst - 1) * this.intervalMs;
    this.arrivalAt = 0;
    this.sendDue();
  }

  onDisconnect(): void {
    this.isHeld = false;
    this.intervalMs = 0;
    this.sendTimer.clear();
    for (const outbox of this.all()) outbox.helloIndex = -1;
  }

  /** A record may be an echo, or assign our client number. Called for every record. */
  onRecord(record: LogRecord): void {
    if (record.client === 0) return;
    // Called for every record of a long replay, so it does not allocate the list of all().
    for (const outbox of this.takenOver) this.acknowledge(outbox, record);
    this.acknowledge(this.own, record);
  }

  /** The replay is complete: what the welcome named as durable needs no echo. */
  onLive(): void {
    for (const outbox of this.all()) if (outbox.acknowledge()) void this.save(outbox);
  }

  /** During a hold nothing is sent. After it everything not echoed is sent again; the server drops duplicates. */
  onHold(on: boolean): void {
    if (this.isHeld && !on) for (const outbox of this.all()) outbox.resend();
    this.isHeld = on;
    this.sendDue();
  }

  onExpect(index: number, next: number): void {
    const outbox = this.atIndex(index);
    if (outbox?.renumberFrom(next)) void this.reconnectRenumbered(outbox);
    this.sendDue();
  }

  onRefused(index: number, clientSeq: number, reason: number): void {
    const outbox = this.atIndex(index);
    if (outbox?.onRefused(clientSeq, reason >= REFUSED_FOR_GOOD)) void this.reconnectRenumbered(outbox);
    else if (outbox) void this.save(outbox);
  }

  /** Sends what may be sent now. Those taken over go first, as they are older. */
  private sendDue(): void {
    if (this.intervalMs === 0 || this.isHeld || this.sendTimer.isArmed()) return;
    const now = this.environment.now();
    this.arrivalAt = Math.max(this.arrivalAt, now);
    // Everything in flight may arrive at once after a stall, so it is limited to `burst` messages, or to the
    // messages of one second if those are more (P53): with fewer, a long round trip would limit the rate.
    let free = Math.max(1_000, this.toleranceMs) / this.intervalMs;
    for (const { sent, acknowledged } of this.all()) free -= Math.max(0, sent - acknowledged);
    for (const outbox of this.all()) {
      for (let send = outbox.nextToSend(); send !== undefined; send = outbox.nextToSend()) {
        const wait = this.arrivalAt - now - this.toleranceMs;
        if (wait > 0) return this.sendTimer.set(wait, () => this.sendDue());
        // Continued at the next echo.
        if (free-- < 0) return;
        this.arrivalAt += this.intervalMs;
        outbox.sent = send.clientSeq;
        this.connection.send(encodeSend({ client: outbox.helloIndex, ...send }));
      }
    }
  }

  /** The outbox at this index of the current hello; none if it was renumbered since. */
  private atIndex(index: number): Outbox | undefined {
    return this.all().find((outbox) => outbox.helloIndex === index);
  }

  private all(): Outbox[] {
    return [...this.takenOver, this.own];
  }

  /**
   * Responses to frames in flight would be ambiguous, so a new connection is needed. It waits until the
   * new numbers are stored, as a later page would otherwise send the messages a second time.
   */
  private async reconnectRenumbered(outbox: Outbox): Promise<void> {
    outbox.helloIndex = -1;
    await this.save(outbox);
    if (outbox.helloIndex < 0) this.connection.retry('numbers');
  }

  private acknowledge(outbox: Outbox, { kind, client, clientSeq, body }: LogRecord): void {
    if (kind === RecordKind.client && toHex(body) === outbox.id) outbox.clientNumber = client;
    if (outbox.clientNumber === client && outbox.acknowledge(clientSeq)) {
      void this.save(outbox);
      this.sendDue();
    }
  }

  private save(outbox: Outbox): Promise<void> {
    return this.withStore(({ save }) => save(outbox.id, outbox.pending));
  }

  /** Reports the first error of the store and waits at most STORE_TIMEOUT_MS. */
  private async withStore(work: (store: OutboxStore) => Promise<void>): Promise<void> {
    const { after, outbox } = this.environment;
    try {
      await withTimeout(after, STORE_TIMEOUT_MS, work(outbox));
    } catch (error) {
      if (!this.hasStoreFailed) this.report('storage', String(error));
      this.hasStoreFailed = true;
    }
  }
}
