/**
 * Taking money. Adapters: a test till (pages of our own that pretend to be a payment provider);
 * later Stripe Checkout. Amounts are integer minor units.
 */
export interface CheckoutRequest {
  readonly orderId: string;
  /** 1, 2, 3 …: how often this order was taken to the till; with the order it is the idempotency key. */
  readonly attempt: number;
  readonly email: string;
  readonly locale: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly title: string;
  /** Where the buyer comes back to; the adapter adds nothing to it. */
  readonly successUrl: string;
  readonly cancelUrl: string;
}

export interface CheckoutSession {
  readonly sessionId: string;
  /** Where the buyer is sent. */
  readonly url: string;
}

export type SessionState = 'open' | 'paid' | 'declined' | 'cancelled';

/** What a webhook or a look at the session tells; `eventId` is the provider's own id of the event. */
export interface PaymentEvent {
  readonly eventId: string;
  readonly sessionId: string;
  readonly orderId: string;
  readonly state: SessionState;
  readonly currency: string;
  readonly totalMinor: number;
}

export interface Payments {
  readonly name: string;
  /** The same order and attempt give the same session (idempotency key). */
  createCheckout(request: CheckoutRequest): Promise<CheckoutSession>;
  /** Checks the signature over the raw body; null = not from the provider, answer 400. */
  readWebhook(rawBody: string, headers: Headers): Promise<PaymentEvent | null>;
  /** The session's present state, for the return page and the reconciling job. */
  fetchSession(sessionId: string): Promise<PaymentEvent | null>;
}
