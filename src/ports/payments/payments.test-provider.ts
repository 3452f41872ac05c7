/**
 * The test till: a payment provider of our own for trying the shop. It behaves like a real one: a
 * session per order and attempt, a page to pay on, signed webhooks that may come late, twice or
 * never, and a state that can be asked for. Sessions are files, so they survive a restart; webhooks
 * still owed then are lost, which a real provider's may be, too: the shop asks for itself.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { World } from '../../lib/world.ts';
import type { Files } from '../files/files.ts';
import type { TestPaymentAction, TestCheckout, TestSession, TestWebhookTiming } from './test-provider.ts';
import type { CheckoutRequest, CheckoutSession, PaymentEvent, Payments, SessionState } from './payments.ts';

const LATE_MS = 4_000;
/** A signature is good for so long, so that a recorded webhook cannot be sent again later. */
const TOLERANCE_MS = 300_000;
const WEBHOOK_LENGTH_MAX = 4_096;
const DELIVERIES_MAX = 3;
export const TEST_SIGNATURE_HEADER = 'till-signature';

const sessionSchema = z.strictObject({
  id: z.string(),
  orderId: z.string(),
  locale: z.string(),
  currency: z.string(),
  totalMinor: z.int(),
  title: z.string(),
  successUrl: z.string(),
  cancelUrl: z.string(),
  state: z.enum(['open', 'paid', 'declined', 'cancelled']),
});

const eventSchema = z.strictObject({
  eventId: z.string().max(64),
  sessionId: z.string().max(64),
  orderId: z.string().max(64),
  state: z.enum(['open', 'paid', 'declined', 'cancelled']),
  currency: z.string().max(3),
  totalMinor: z.int(),
});

export interface TestProviderOptions {
  readonly files: Files;
  readonly world: World;
  /** 32 bytes; signs webhooks and names sessions. */
  readonly key: Uint8Array;
  /** Base of the till's pages; without a slash at the end. */
  readonly url: string;
  /** Posts a webhook to the shop; false = not taken, try again. */
  readonly deliver: (body: string, headers: { readonly [name: string]: string }) => Promise<boolean>;
}

export interface TestProvider {
  readonly payments: Payments;
  readonly desk: TestCheckout;
}

const STATE_AFTER: { readonly [A in TestPaymentAction]: SessionState } = {
  pay: 'paid',
  decline: 'declined',
  cancel: 'cancelled',
};

export function createTestProvider(options: TestProviderOptions): TestProvider {
  const book = sessionBook(options.files);
  const courier = webhookCourier(options);
  const payments: Payments = {
    name: 'till',
    async createCheckout(request) {
      const id = sessionId(options.key, request);
      await book.create(newSession(id, request));
      return { sessionId: id, url: `${options.url}/till/${id}` } satisfies CheckoutSession;
    },
    async readWebhook(rawBody, headers) {
      return readSigned(options.key, options.world.clock.now(), rawBody, headers.get(TEST_SIGNATURE_HEADER));
    },
    async fetchSession(id) {
      const session = await book.read(id);
      return session && eventOf(session);
    },
  };
  const desk: TestCheckout = {
    session: (id) => book.read(id),
    async act(id, action, webhook) {
      const closed = await book.close(id, STATE_AFTER[action]);
      if (!closed) return null;
      if (closed.changed) await courier.send(eventOf(closed.session), webhook);
      return closed.session.state === 'cancelled' ? closed.session.cancelUrl : closed.session.successUrl;
    },
    stop: () => courier.stop(),
  };
  return { payments, desk };
}

function newSession(id: string, request: CheckoutRequest): TestSession {
  const { orderId, locale, currency, totalMinor, title, successUrl, cancelUrl } = request;
  return { id, orderId, locale, currency, totalMinor, title, successUrl, cancelUrl, state: 'open' };
}

/** The same order and attempt always give the same session; nobody can guess another's. */
function sessionId(key: Uint8Array, request: CheckoutRequest): string {
  const named = createHmac('sha256', key).update(`session ${request.orderId} ${request.attempt}`);
  return named.digest('hex').slice(0, 32);
}

/** A session has at most one closing event, so the id follows from both. */
function eventOf(session: TestSession): PaymentEvent {
  const { id, orderId, state, currency, totalMinor } = session;
  return { eventId: `${id}-${state}`, sessionId: id, orderId, state, currency, totalMinor };
}

function sessionBook(files: Files) {
  // Changes one after another: a session is read, changed and written back.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const read = async (id: string): Promise<TestSession | null> => {
    if (!/^[0-9a-f]{32}$/.test(id)) return null;
    const stored = await files.get(pathOf(id));
    return stored && sessionSchema.parse(JSON.parse(new TextDecoder().decode(stored.bytes)));
  };
  const write = (session: TestSession) =>
    files.put(pathOf(session.id), new TextEncoder().encode(JSON.stringify(session)), 'application/json');
  return {
    read,
    create: (session: TestSession) =>
      inTurn(async () => {
        if (!(await read(session.id))) await write(session);
      }),
    close: (id: string, state: SessionState) =>
      inTurn(async () => {
        const session = await read(id);
        if (!session) return null;
        if (session.state !== 'open') return { session, changed: false };
        const closed: TestSession = { ...session, state };
        await write(closed);
        return { session: closed, changed: true };
      }),
  };
}

function pathOf(id: string): string {
  return `till/${id}.json`;
}

function webhookCourier({ world, key, deliver }: TestProviderOptions) {
  const later = new Set<() => void>();
  const underWay = new Set<Promise<void>>();
  const once = async (body: string) => {
    for (let attempt = 1; attempt <= DELIVERIES_MAX; attempt += 1) {
      const signature = sign(key, world.clock.now(), body);
      const headers = { 'content-type': 'application/json', [TEST_SIGNATURE_HEADER]: signature };
      if (await deliver(body, headers).catch(() => false)) return;
    }
  };
  const start = (body: string): Promise<void> => {
    const run = once(body).finally(() => underWay.delete(run));
    underWay.add(run);
    return run;
  };
  return {
    /** Resolves when the buyer may go on. */
    async send(event: PaymentEvent, webhook: TestWebhookTiming): Promise<void> {
      const body = JSON.stringify(event);
      if (webhook === 'first') await start(body);
      if (webhook === 'twice') await Promise.all([start(body), start(body)]);
      if (webhook !== 'late') return;
      const cancel = world.timers.after(LATE_MS, () => {
        later.delete(cancel);
        void start(body);
      });
      later.add(cancel);
    },
    async stop(): Promise<void> {
      for (const cancel of later) cancel();
      later.clear();
      await Promise.all(underWay);
    },
  };
}

function mac(key: Uint8Array, time: string, body: string): Buffer {
  return createHmac('sha256', key).update(`webhook ${time}.${body}`).digest();
}

/** `t=<wall clock ms>,v1=<hex of the HMAC-SHA256 over time and raw body>`. */
export function sign(key: Uint8Array, now: number, body: string): string {
  return `t=${now},v1=${mac(key, String(now), body).toString('hex')}`;
}

function readSigned(
  key: Uint8Array,
  now: number,
  body: string,
  signature: string | null,
): PaymentEvent | null {
  const parts = /^t=(\d{1,16}),v1=([0-9a-f]{64})$/.exec(signature ?? '');
  const [, time, given] = parts ?? [];
  if (time === undefined || given === undefined || body.length > WEBHOOK_LENGTH_MAX) return null;
  if (Math.abs(now - Number(time)) > TOLERANCE_MS) return null;
  if (!timingSafeEqual(mac(key, time, body), Buffer.from(given, 'hex'))) return null;
  const parsed = eventSchema.safeParse(JSON.parse(body));
  return parsed.success ? parsed.data : null;
}
