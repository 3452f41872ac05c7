/** The contract of every payments adapter. Each adapter's test runs it. */
import { expect, test } from 'bun:test';
import type { CheckoutRequest, Payments, SessionState } from './payments.ts';

export interface PaymentsHarness {
  readonly payments: Payments;
  /** Closes the session as a buyer would; returns the webhooks that the provider sent for it. */
  end(sessionId: string, state: Exclude<SessionState, 'open'>): Promise<readonly SignedWebhook[]>;
  /** Advances the clock. */
  advance(ms: number): void;
  stop(): Promise<void>;
}

export interface SignedWebhook {
  readonly body: string;
  readonly headers: Headers;
}

/** Longer than any provider's signature may be valid. */
const STALE_MS = 3_600_000;

export const sampleCheckout: CheckoutRequest = {
  orderId: 'order-1',
  attempt: 1,
  email: 'ada@example.org',
  locale: 'en',
  currency: 'EUR',
  totalMinor: 490,
  title: 'A game',
  successUrl: 'http://shop.test/back',
  cancelUrl: 'http://shop.test/cancelled',
};

export function paymentsContract(open: () => Promise<PaymentsHarness>): void {
  const withHarness = (work: (harness: PaymentsHarness) => Promise<void>) => async () => {
    const harness = await open();
    try {
      await work(harness);
    } finally {
      await harness.stop();
    }
  };

  test(
    'the same order and attempt return the same session, another attempt another one',
    withHarness(async ({ payments }) => {
      const first = await payments.createCheckout(sampleCheckout);
      expect(await payments.createCheckout(sampleCheckout)).toEqual(first);
      const second = await payments.createCheckout({ ...sampleCheckout, attempt: 2 });
      expect(second.sessionId).not.toBe(first.sessionId);
    }),
  );

  test(
    'a session is open until it is closed, and then has its outcome, order and amount',
    withHarness(async ({ payments, end }) => {
      const { sessionId } = await payments.createCheckout(sampleCheckout);
      expect(await payments.fetchSession(sessionId)).toMatchObject({ state: 'open', orderId: 'order-1' });
      await end(sessionId, 'paid');
      const after = { state: 'paid', orderId: 'order-1', sessionId, currency: 'EUR', totalMinor: 490 };
      expect(await payments.fetchSession(sessionId)).toMatchObject(after);
    }),
  );

  test(
    'a session that was never created is unknown',
    withHarness(async ({ payments }) => {
      expect(await payments.fetchSession('never-made')).toBeNull();
    }),
  );

  test(
    'a webhook carries the same event as the fetched session, under the same event id',
    withHarness(async ({ payments, end }) => {
      const { sessionId } = await payments.createCheckout(sampleCheckout);
      const [webhook] = await end(sessionId, 'declined');
      if (!webhook) throw new Error('no webhook was sent');
      const event = await payments.readWebhook(webhook.body, webhook.headers);
      expect(event).toMatchObject({ state: 'declined', orderId: 'order-1' });
      expect(await payments.fetchSession(sessionId)).toEqual(event);
    }),
  );

  test(
    'a webhook with a changed body, without a signature, or replayed much later is rejected',
    withHarness(async ({ payments, end, advance }) => {
      const { sessionId } = await payments.createCheckout(sampleCheckout);
      const [webhook] = await end(sessionId, 'paid');
      if (!webhook) throw new Error('no webhook was sent');
      const forged = webhook.body.replace('490', '491');
      expect(forged).not.toBe(webhook.body);
      expect(await payments.readWebhook(forged, webhook.headers)).toBeNull();
      expect(await payments.readWebhook(webhook.body, new Headers())).toBeNull();
      expect(await payments.readWebhook('', webhook.headers)).toBeNull();
      expect(await payments.readWebhook(webhook.body, webhook.headers)).not.toBeNull();
      advance(STALE_MS);
      expect(await payments.readWebhook(webhook.body, webhook.headers)).toBeNull();
    }),
  );
}
