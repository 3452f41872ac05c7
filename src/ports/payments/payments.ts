/**
 * The payment provider: checkout sessions and webhooks. Adapter: a test provider, whose pages are our own. Amounts
 * are integer minor units (cents).
 */
export interface CheckoutRequest {
  readonly orderId: string;
  /** 1, 2, 3 …: the attempt to pay this order. Order and attempt together are the idempotency key. */
  readonly attempt: number;
  readonly email: string;
  readonly locale: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly title: string;
  /** Where the provider sends the buyer back to; the adapter adds nothing to it. */
  readonly successUrl: string;
  readonly cancelUrl: string;
}

export interface CheckoutSession {
  readonly sessionId: string;
  /** The provider's page to send the buyer to. */
  readonly url: string;
}

export type SessionState = 'open' | 'paid' | 'declined' | 'cancelled';

/** The state of a session, from a webhook or fetched. `eventId` is the provider's own id of the event. */
export interface PaymentEvent {
  readonly eventId: string;
  readonly sessionId: string;
  readonly orderId: string;
  readonly state: SessionState;
  readonly currency: string;
  readonly totalMinor: number;
}

export interface Payments {
  /** Stored with orders and payment events; part of the webhook's address. */
  readonly name: string;
  /** Idempotent: the same order and attempt return the same session. */
  createCheckout(request: CheckoutRequest): Promise<CheckoutSession>;
  /** Verifies the signature over the raw body; null = not from the provider, to be refused with 400. */
  readWebhook(rawBody: string, headers: Headers): Promise<PaymentEvent | null>;
  /** The session's current state, for the return page and for reconciliation; null = unknown session. */
  fetchSession(sessionId: string): Promise<PaymentEvent | null>;
}
