/** The operations behind the test provider's payment page. Other providers have pages of their own. */
import type { SessionState } from './payments.ts';

export type TestPaymentAction = 'pay' | 'decline' | 'cancel';
/** first: before the buyer returns; late: four seconds later; twice: two at the same time; never. */
export type TestWebhookTiming = 'first' | 'late' | 'twice' | 'never';

export interface TestSession {
  readonly id: string;
  readonly orderId: string;
  readonly locale: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly title: string;
  readonly successUrl: string;
  readonly cancelUrl: string;
  readonly state: SessionState;
}

export interface TestCheckout {
  fetchSession(id: string): Promise<TestSession | null>;
  /** Closes an open session; a closed one does not change. Returns where to send the buyer; null = unknown session. */
  closeSession(id: string, action: TestPaymentAction, webhook: TestWebhookTiming): Promise<string | null>;
  /** Cancels late webhooks that are still scheduled, and waits for those being sent. */
  stop(): Promise<void>;
}
