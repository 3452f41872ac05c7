/** What an order can become, and what an event of the payment provider does to it. */

export type OrderState = 'pending' | 'paid' | 'declined' | 'cancelled';

const NEXT: { readonly [S in OrderState]: readonly OrderState[] } = {
  pending: ['paid', 'declined', 'cancelled'],
  // Another try at the till; or the payment of an earlier try came through after all.
  declined: ['pending', 'paid'],
  cancelled: ['pending', 'paid'],
  // Never back.
  paid: [],
};

export function canBecome(from: OrderState, to: OrderState): boolean {
  return NEXT[from].includes(to);
}

export interface OrderFacts {
  readonly state: OrderState;
  /** The latest try at the till. */
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
 * - pay:      the order becomes paid and what was bought is delivered.
 * - close:    this try failed; the buyer may try again.
 * - nothing:  known already, or too late to matter.
 * - mismatch: paid, but not what was asked: nothing is delivered, the studio must look.
 * - double:   paid although another try had been paid: the studio owes a refund.
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

/** How mail addresses are stored and compared. */
export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase();
}
