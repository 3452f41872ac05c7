/** What the pages of the test till do behind its counter. Only a till of our own has such pages. */
import type { SessionState } from './payments.ts';

export type TillAction = 'pay' | 'decline' | 'cancel';
/** first: before the buyer returns · late: some seconds after · twice: two at once · never. */
export type TillWebhook = 'first' | 'late' | 'twice' | 'never';

export interface TillSession {
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

export interface TillDesk {
  session(id: string): Promise<TillSession | null>;
  /** Closes an open session; a closed one stays as it is. Answers where the buyer goes; null = no such session. */
  act(id: string, action: TillAction, webhook: TillWebhook): Promise<string | null>;
  /** Webhooks under way are waited for, those for later dropped. */
  stop(): Promise<void>;
}
