/**
 * All that this page sends: its own outbox and those it took over from pages that are gone, kept in
 * the store until echoed and sent no faster than the server allows.
 *
 * The memory copy is the truth of this page; a store that fails costs only the survival of a reload.
 */
import { CLIENTS_MAX } from '../protocol/hello.ts';
import { type LogRecord, RecordKind } from '../protocol/record.ts';
import { REFUSED_FOR_GOOD } from '../protocol/refused.ts';
import { encodeSend } from '../protocol/send.ts';
import type { Connection } from './connection.ts';
import { fromHex, toHex } from './hex.ts';
import { Outbox } from './outbox.ts';
import type { Environment, OutboxStore, SessionOptions, StoredSend } from './session-api.ts';
import { createTimer, type Timer, within } from './timer.ts';

/** More unsent messages than this are not taken: the page is as good as cut off. */
export const PENDING_MAX = 1_000;
/** How long the store may hold up connecting, or sending under new numbers. */
export const STORE_WAIT_MS = 1_500;

type OutboxesOptions = Pick<SessionOptions<never, never>, 'environment' | 'report'>;

export class Outboxes {
  readonly own: Outbox;
  readonly #environment: Environment;
  readonly #connection: Connection;
  readonly #report: (kind: string, detail: string) => void;
  readonly #pace: Timer;
  #adopted: Outbox[] = [];
  /** The server cannot store now. */
  #held = false;
  /** Said once. */
  #storeFailed = false;
  /** Milliseconds between messages in the long run; 0 = nothing may be sent. */
  #spacing = 0;
  /** Where sends would be at that spacing, and how far they may run ahead of it. */
  #pacedAt = 0;
  #aheadMax = 0;

  constructor({ environment, report }: OutboxesOptions, connection: Connection) {
    this.#environment = environment;
    this.#report = report;
    this.#connection = connection;
    this.#pace = createTimer(environment.after);
    this.own = new Outbox(toHex(environment.randomBytes(16)));
    // Nothing to keep yet: the store gets ready, so that a first message is kept without delay.
    void this.#save(this.own);
  }

  /** Everything unsent or not echoed, the oldest pages' first. */
  pending(): StoredSend[] {
    return this.#all().flatMap((outbox) => outbox.pending);
  }

  /** False = too much is pending already. */
  add(kind: number, body: Uint8Array<ArrayBuffer>): boolean {
    if (this.own.pending.length >= PENDING_MAX) return false;
    this.own.add(kind, body);
    void this.#save(this.own);
    this.#pump();
    return true;
  }

  /** Looks for outboxes of pages that are gone; waits for the store only so long. */
  adopt(): Promise<void> {
    return this.#kept(async ({ adopt }) => {
      for (const { client, sends } of await adopt(CLIENTS_MAX - 1 - this.#adopted.length)) {
        this.#adopted.push(new Outbox(client, sends));
      }
      // However late the store answered: what the present hello does not name takes a new one.
      if (this.#connection.live && this.#adopted.some((outbox) => outbox.place < 0)) {
        this.#connection.retry('outbox taken over', 0);
      }
    });
  }

  /** The client ids for a new hello. */
  hello(): { id: Uint8Array }[] {
    this.#adopted = this.#adopted.filter((outbox) => outbox.pending.length > 0);
    return [this.own, ...this.#adopted].slice(0, CLIENTS_MAX).map((outbox, place) => {
      outbox.place = place;
      return { id: fromHex(outbox.id) };
    });
  }

  /** Sending may begin. An observer's page calls this with rate 0. */
  welcomed(clients: readonly { number: number; lastSeq: number }[], rate: number, burst: number): void {
    for (const [place, { number, lastSeq }] of clients.entries()) {
      this.#at(place)?.welcomed(number, lastSeq);
    }
    this.#spacing = rate && 1_000 / rate;
    this.#aheadMax = (burst - 1) * this.#spacing;
    this.#pacedAt = 0;
    this.#pump();
  }

  lost(): void {
    this.#held = false;
    this.#spacing = 0;
    this.#pace.clear();
    for (const outbox of this.#all()) outbox.place = -1;
  }

  /** A record came: it may be an echo, or tell our number. Called for each one. */
  record(record: LogRecord): void {
    if (record.client === 0) return;
    // A long replay comes through here, so no list of all is made.
    for (const outbox of this.#adopted) this.#heard(outbox, record);
    this.#heard(this.own, record);
  }

  /** The replay is over: what the welcome called durable needs no echo any more. */
  live(): void {
    for (const outbox of this.#all()) if (outbox.settle()) void this.#save(outbox);
  }

  /** Holding: sends are kept. Over: everything not echoed goes out again, the server drops what it has. */
  hold(on: boolean): void {
    if (this.#held && !on) for (const outbox of this.#all()) outbox.resend();
    this.#held = on;
    this.#pump();
  }

  expect(place: number, next: number): void {
    const outbox = this.#at(place);
    if (outbox?.expect(next)) void this.#renumbered(outbox);
    this.#pump();
  }

  refused(place: number, clientSeq: number, reason: number): void {
    const outbox = this.#at(place);
    if (outbox?.refuse(clientSeq, reason >= REFUSED_FOR_GOOD)) void this.#renumbered(outbox);
    else if (outbox) void this.#save(outbox);
  }

  /** Sends what may be sent now, the oldest pages' first: that is the order in which they moved. */
  #pump(): void {
    if (this.#spacing === 0 || this.#held || this.#pace.armed()) return;
    const now = this.#environment.now();
    this.#pacedAt = Math.max(this.#pacedAt, now);
    // What is under way may arrive at one moment: `burst` messages, but a second's worth at least, which
    // the server forgives and a long way needs.
    let free = Math.max(1_000, this.#aheadMax) / this.#spacing;
    for (const { sent, settled } of this.#all()) free -= Math.max(0, sent - settled);
    for (const outbox of this.#all()) {
      for (let send = outbox.next(); send !== undefined; send = outbox.next()) {
        const wait = this.#pacedAt - now - this.#aheadMax;
        if (wait > 0) return this.#pace.set(wait, () => this.#pump());
        // The next echo goes on.
        if (free-- < 0) return;
        this.#pacedAt += this.#spacing;
        outbox.sent = send.clientSeq;
        this.#connection.send(encodeSend({ client: outbox.place, ...send }));
      }
    }
  }

  /** By its place in the present connection's hello; one that was renumbered since is not found. */
  #at(place: number): Outbox | undefined {
    return this.#all().find((outbox) => outbox.place === place);
  }

  #all(): Outbox[] {
    return [...this.#adopted, this.own];
  }

  /**
   * Answers to what is on its way would be ambiguous, so it takes a new connection; and only when
   * all is stored under the new numbers, as a later page must not send it a second time.
   */
  async #renumbered(outbox: Outbox): Promise<void> {
    outbox.place = -1;
    await this.#save(outbox);
    if (outbox.place < 0) this.#connection.retry('numbers');
  }

  #heard(outbox: Outbox, { kind, client, clientSeq, body }: LogRecord): void {
    if (kind === RecordKind.client && toHex(body) === outbox.id) outbox.number = client;
    if (outbox.number === client && outbox.settle(clientSeq)) {
      void this.#save(outbox);
      this.#pump();
    }
  }

  #save(outbox: Outbox): Promise<void> {
    return this.#kept(({ save }) => save(outbox.id, outbox.pending));
  }

  /** What the store fails at is reported, what it takes too long for is not waited for. */
  async #kept(work: (store: OutboxStore) => Promise<void>): Promise<void> {
    const { after, outbox } = this.#environment;
    try {
      await within(after, STORE_WAIT_MS, work(outbox));
    } catch (error) {
      if (!this.#storeFailed) this.#report('storage', String(error));
      this.#storeFailed = true;
    }
  }
}
