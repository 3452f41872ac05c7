/** The states of an order, and the effect of the payment provider's events on them. */

export type OrderState = 'pending' | 'paid' | 'declined' | 'cancelled';

/** Allowed transitions. */
const NEXT: { readonly [S in OrderState]: readonly OrderState[] } = {
  pending: ['paid', 'declined', 'cancelled'],
  // `pending`: another payment attempt; `paid`: a late payment of an earlier attempt.
  declined: ['pending', 'paid'],
  cancelled: ['pending', 'paid'],
  paid: [],
};

export function canBecome(from: OrderState, to: OrderState): boolean {
  return NEXT[from].includes(to);
}

export interface OrderFacts {
  readonly state: OrderState;
  /** The checkout session of the latest payment attempt. */
  readonly sessionId: string | null;
  readonly currency: string;
  readonly totalMinor: number;
}

export interface EventFacts {
  readonly sessionId: string;
  readonly state: 'open' | 'paid' | 'declined' | 'cancelled';
  readonly currency: string;
  readonly totalMinor: number;
}

/**
 * - pay:      the order becomes paid and is fulfilled.
 * - close:    the current payment attempt failed; the buyer can try again.
 * - nothing:  the event changes nothing: a repetition, or about an earlier attempt.
 * - mismatch: paid with another amount or currency: not fulfilled, the studio must check it.
 * - double:   a second attempt was paid as well: the studio must refund it.
 */
export type Decision =
  | { readonly kind: 'pay' }
  | { readonly kind: 'close'; readonly state: 'declined' | 'cancelled' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'double' };

export function decide(order: OrderFacts, event: EventFacts): Decision {
  if (event.state === 'open') return { kind: 'nothing' };
  if (event.state !== 'paid') {
    const current = event.sessionId === order.sessionId && canBecome(order.state, event.state);
    return current ? { kind: 'close', state: event.state } : { kind: 'nothing' };
  }
  if (order.state === 'paid') {
    return event.sessionId === order.sessionId ? { kind: 'nothing' } : { kind: 'double' };
  }
  if (event.currency !== order.currency || event.totalMinor !== order.totalMinor) return { kind: 'mismatch' };
  return { kind: 'pay' };
}

/** Mail addresses are stored and compared in this form. */
export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase();
}
