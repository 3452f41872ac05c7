/**
 * All that this page sends: its own outbox and those it took over from pages that are gone, kept in
 * the store until echoed and sent no faster than the server allows.
 */
import { CLIENTS_MAX } from '../protocol/hello.ts';
import type { LogRecord } from '../protocol/record.ts';
import { RecordKind } from '../protocol/record.ts';
import { encodeSend } from '../protocol/send.ts';
import { toHex } from './hex.ts';
import { Outbox } from './outbox.ts';
import type { Environment, StoredSend } from './session-api.ts';
import { Timer, within } from './timer.ts';

/** More unsent messages than this are not taken: the page is as good as cut off. */
export const PENDING_MAX = 1_000;
/** How long storing renumbered messages may hold up sending, and adopting hold up connecting. */
export const STORE_WAIT_MS = 1_500;

export interface OutboxHooks {
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Sends a ping and answers its token. */
  ping(): number;
  report(kind: string, detail: string): void;
}

export class Outboxes {
  readonly own: Outbox;
  readonly #environment: Environment;
  readonly #hooks: OutboxHooks;
  readonly #pace: Timer;
  #adopted: Outbox[] = [];
  #adopting: Promise<void> | null = null;
  /** In the order of the present connection's hello. */
  #listed: Outbox[] = [];
  #open = false;
  #held = false;
  /** Reported once. */
  #storeFailed = false;
  #rate = 1;
  #burst = 1;
  #tokens = 0;
  #tokensAt = 0;

  constructor(environment: Environment, hooks: OutboxHooks) {
    this.#environment = environment;
    this.#hooks = hooks;
    this.#pace = new Timer(environment.after);
    this.own = new Outbox(toHex(environment.randomBytes(16)));
  }

  /** Everything unsent or not echoed, the oldest pages' first. */
  pending(): StoredSend[] {
    return this.#all().flatMap((outbox) => outbox.pending);
  }

  /** False = too much is pending already. */
  add(kind: number, body: Uint8Array<ArrayBuffer>): boolean {
    if (this.own.pending.length >= PENDING_MAX) return false;
    const send = this.own.add(kind, body);
    void this.#kept(() => this.#environment.outbox.put(this.own.id, send));
    this.pump();
    return true;
  }

  /** Looks for outboxes of pages that are gone; waits for the store only so long. */
  adopt(): Promise<void> {
    this.#adopting ??= this.#adopt().finally(() => {
      this.#adopting = null;
    });
    return within(this.#environment.after, STORE_WAIT_MS, this.#adopting);
  }

  /** An outbox was taken over that the present connection does not know of. */
  get unlisted(): boolean {
    return this.#adopted.some((outbox) => outbox.place < 0 && outbox.pending.length > 0);
  }

  /** The client ids for a new hello. */
  hello(): { id: Uint8Array }[] {
    this.lost();
    this.#adopted = this.#adopted.filter((outbox) => outbox.pending.length > 0);
    this.#listed = [this.own, ...this.#adopted];
    return this.#listed.map((outbox) => ({ id: outbox.idBytes }));
  }

  /** Sending may begin. An observer's page calls this with rate 0. */
  welcomed(clients: readonly { number: number; lastSeq: number }[], rate: number, burst: number): void {
    for (const [place, outbox] of this.#listed.entries()) {
      const client = clients[place];
      if (client === undefined) continue;
      outbox.place = place;
      outbox.welcomed(client.number, client.lastSeq);
    }
    this.#rate = rate;
    this.#burst = this.#tokens = burst;
    this.#tokensAt = this.#environment.now();
    this.#open = rate > 0;
    this.pump();
  }

  lost(): void {
    this.#open = this.#held = false;
    this.#pace.clear();
    for (const outbox of this.#listed) outbox.lost();
  }

  /** A record came: it may be an echo, or tell our number. Called for each one. */
  record({ kind, client, clientSeq, body }: LogRecord): void {
    if (client === 0) return;
    if (kind === RecordKind.client) {
      const id = toHex(body);
      for (const outbox of this.#all()) if (outbox.id === id) outbox.number = client;
    }
    if (this.own.number === client) this.#echoed(this.own, clientSeq);
    for (const outbox of this.#adopted) if (outbox.number === client) this.#echoed(outbox, clientSeq);
  }

  live(): void {
    for (const outbox of this.#listed) {
      const upto = outbox.live();
      if (upto > 0) this.#settle(outbox, upto);
    }
  }

  /** Holding: sends are kept. Over: everything not echoed goes out again, the server drops what it has. */
  hold(on: boolean): void {
    const over = this.#held && !on;
    this.#held = on;
    if (!over) return;
    for (const outbox of this.#listed) outbox.resend();
    this.pump();
  }

  expect(place: number, next: number): void {
    const outbox = this.#listed[place];
    if (outbox === undefined) return;
    outbox.expect(next);
    this.#raiseBarrier(outbox);
  }

  /** Answers what was refused, so that the page can tell. */
  refused(place: number, clientSeq: number): StoredSend | undefined {
    const outbox = this.#listed[place];
    const refused = outbox?.refuse(clientSeq);
    if (outbox !== undefined && refused !== undefined) this.#raiseBarrier(outbox);
    return refused;
  }

  /** A ping came back. */
  ponged(token: number): void {
    for (const outbox of this.#listed) {
      if (token === 0 || outbox.barrier !== token) continue;
      if (outbox.passBarrier()) void this.#storeAnew(outbox);
    }
    this.pump();
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (!this.#open || this.#held || this.#pace.armed) return;
    const now = this.#environment.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#tokensAt) * this.#rate) / 1_000);
    this.#tokensAt = now;
    // The oldest pages' first: that is the order in which their moves were made.
    for (const outbox of this.#all()) {
      for (let send = outbox.next(); send !== undefined; send = outbox.next()) {
        if (this.#tokens < 1) {
          const wait = Math.ceil(((1 - this.#tokens) * 1_000) / this.#rate);
          return this.#pace.set(wait, () => this.pump());
        }
        this.#tokens--;
        outbox.sent(send);
        this.#hooks.send(encodeSend({ client: outbox.place, ...send }));
      }
    }
  }

  #all(): Outbox[] {
    return [...this.#adopted, this.own];
  }

  #raiseBarrier(outbox: Outbox): void {
    if (outbox.barrier === 0) outbox.barrier = this.#hooks.ping();
  }

  #echoed(outbox: Outbox, clientSeq: number): void {
    if (outbox.echoed(clientSeq)) this.#settle(outbox, clientSeq);
  }

  #settle(outbox: Outbox, upto: number): void {
    void this.#kept(() => this.#environment.outbox.settle(outbox.id, upto));
  }

  async #storeAnew(outbox: Outbox): Promise<void> {
    outbox.storing = true;
    const stored = this.#kept(() => this.#environment.outbox.replace(outbox.id, outbox.pending));
    await within(this.#environment.after, STORE_WAIT_MS, stored);
    outbox.storing = false;
    this.pump();
  }

  async #adopt(): Promise<void> {
    await this.#kept(async () => {
      const store = this.#environment.outbox;
      for (const id of await store.adopt(CLIENTS_MAX - 1 - this.#adopted.length)) {
        const sends = await store.load(id);
        if (sends.length > 0) this.#adopted.push(new Outbox(id, sends));
      }
    });
  }

  /** What the store fails at is lost only with a reload: the memory copy stands. */
  async #kept(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#storeFailed) this.#hooks.report('storage', String(error));
      this.#storeFailed = true;
    }
  }
}
