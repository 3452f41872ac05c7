/** What the pages of the test till do behind its counter. Only a till of our own has such pages. */
import type { SessionState } from './payments.ts';

export type TestPaymentAction = 'pay' | 'decline' | 'cancel';
/** first: before the buyer returns · late: some seconds after · twice: two at once · never. */
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
  session(id: string): Promise<TestSession | null>;
  /** Closes an open session; a closed one stays as it is. Answers where the buyer goes; null = no such session. */
  act(id: string, action: TestPaymentAction, webhook: TestWebhookTiming): Promise<string | null>;
  /** Webhooks under way are waited for, those for later dropped. */
  stop(): Promise<void>;
}
