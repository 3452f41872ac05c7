/**
 * The test provider: a payment provider of our own, for trying the shop without money. Like a real one it has a
 * session per order and attempt, a page to pay on, signed webhooks that may come late, twice or never, and sessions
 * that can be fetched. Sessions are files, so they survive a restart. Late webhooks do not, as may happen with a
 * real provider: reconciliation finds those payments.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Semaphore } from '../../lib/semaphore.ts';
import type { World } from '../../lib/world.ts';
import type { Files } from '../files/files.ts';
import type { TestPaymentAction, TestCheckout, TestSession, TestWebhookTiming } from './test-provider.ts';
import type { CheckoutRequest, CheckoutSession, PaymentEvent, Payments, SessionState } from './payments.ts';

const LATE_MS = 4_000;
/** How long a signature is valid, so that a recorded webhook cannot be replayed later. */
const TOLERANCE_MS = 300_000;
const WEBHOOK_LENGTH_MAX = 4_096;
const DELIVERIES_MAX = 3;
/**
 * The provider's name as orders and payment events have stored it from the first release on. The addresses of its
 * pages and webhooks, its signature header, its folder and the text keys use it too.
 */
const NAME = 'till';
export const TEST_SIGNATURE_HEADER = `${NAME}-signature`;

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
  /** 32 bytes; signs webhooks and derives session ids. */
  readonly key: Uint8Array;
  /** Base address of the provider's pages; without a slash at the end. */
  readonly url: string;
  /** Posts a webhook to the shop; false = not accepted, send it again. */
  readonly deliver: (body: string, headers: { readonly [name: string]: string }) => Promise<boolean>;
}

export interface TestProvider {
  readonly payments: Payments;
  readonly checkout: TestCheckout;
}

const STATE_AFTER: { readonly [A in TestPaymentAction]: SessionState } = {
  pay: 'paid',
  decline: 'declined',
  cancel: 'cancelled',
};

export function createTestProvider(options: TestProviderOptions): TestProvider {
  const sessions = sessionStore(options.files);
  const webhooks = webhookSender(options);
  const payments: Payments = {
    name: NAME,
    async createCheckout(request) {
      const id = sessionId(options.key, request);
      await sessions.create(newSession(id, request));
      return { sessionId: id, url: `${options.url}/${NAME}/${id}` } satisfies CheckoutSession;
    },
    async readWebhook(rawBody, headers) {
      return readSigned(options.key, options.world.clock.now(), rawBody, headers.get(TEST_SIGNATURE_HEADER));
    },
    async fetchSession(id) {
      const session = await sessions.read(id);
      return session && eventOf(session);
    },
  };
  const checkout: TestCheckout = {
    fetchSession: (id) => sessions.read(id),
    async closeSession(id, action, webhook) {
      const closed = await sessions.close(id, STATE_AFTER[action]);
      if (!closed) return null;
      if (closed.changed) await webhooks.send(eventOf(closed.session), webhook);
      return closed.session.state === 'cancelled' ? closed.session.cancelUrl : closed.session.successUrl;
    },
    stop: () => webhooks.stop(),
  };
  return { payments, checkout };
}

function newSession(id: string, request: CheckoutRequest): TestSession {
  const { orderId, locale, currency, totalMinor, title, successUrl, cancelUrl } = request;
  return { id, orderId, locale, currency, totalMinor, title, successUrl, cancelUrl, state: 'open' };
}

/** The same for the same order and attempt, and not guessable without the key. */
function sessionId(key: Uint8Array, request: CheckoutRequest): string {
  const named = createHmac('sha256', key).update(`session ${request.orderId} ${request.attempt}`);
  return named.digest('hex').slice(0, 32);
}

/** A session is closed at most once, so session and state identify the event. */
function eventOf(session: TestSession): PaymentEvent {
  const { id, orderId, state, currency, totalMinor } = session;
  return { eventId: `${id}-${state}`, sessionId: id, orderId, state, currency, totalMinor };
}

function sessionStore(files: Files) {
  // One change at a time: a session is read, changed and written back.
  const changes = new Semaphore(1, Infinity);
  const read = async (id: string): Promise<TestSession | null> => {
    if (!/^[0-9a-f]{32}$/.test(id)) return null;
    const stored = await files.get(pathOf(id));
    return stored && sessionSchema.parse(JSON.parse(new TextDecoder().decode(stored.bytes)));
  };
  const write = (session: TestSession) =>
    files.put(pathOf(session.id), new TextEncoder().encode(JSON.stringify(session)), 'application/json');
  return {
    read,
    create: async (session: TestSession) =>
      changes.run(async () => {
        if (!(await read(session.id))) await write(session);
      }),
    close: async (id: string, state: SessionState) =>
      changes.run(async () => {
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
  return `${NAME}/${id}.json`;
}

function webhookSender({ world, key, deliver }: TestProviderOptions) {
  const scheduled = new Set<() => void>();
  const sending = new Set<Promise<void>>();
  const deliverWithRetries = async (body: string) => {
    for (let attempt = 1; attempt <= DELIVERIES_MAX; attempt += 1) {
      const signature = sign(key, world.clock.now(), body);
      const headers = { 'content-type': 'application/json', [TEST_SIGNATURE_HEADER]: signature };
      if (await deliver(body, headers).catch(() => false)) return;
    }
  };
  const start = (body: string): Promise<void> => {
    const run = deliverWithRetries(body).finally(() => sending.delete(run));
    sending.add(run);
    return run;
  };
  return {
    /** Resolves when the buyer may be redirected to the shop. */
    async send(event: PaymentEvent, webhook: TestWebhookTiming): Promise<void> {
      const body = JSON.stringify(event);
      if (webhook === 'first') await start(body);
      if (webhook === 'twice') await Promise.all([start(body), start(body)]);
      if (webhook !== 'late') return;
      const cancel = world.timers.after(LATE_MS, () => {
        scheduled.delete(cancel);
        void start(body);
      });
      scheduled.add(cancel);
    },
    async stop(): Promise<void> {
      for (const cancel of scheduled) cancel();
      scheduled.clear();
      await Promise.all(sending);
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
