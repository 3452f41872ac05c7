/** "Send me my links": enqueues the mail job for an address, whether or not there are orders for it. */
import { normaliseEmail } from '../../../domain/order.ts';
import { hashSecret } from '../../../domain/secret.ts';
import type { WebDeps } from '../deps.ts';

/** At most one mail per address in each period of this length, so that a mailbox cannot be flooded. */
const PERIOD_MS = 10 * 60_000;

/**
 * The same work for known and unknown addresses: the mailer looks the orders up, so neither the response nor its
 * duration shows whether an address is known.
 */
export async function requestLinks(deps: WebDeps, address: string, locale: string): Promise<void> {
  const email = normaliseEmail(address);
  const now = deps.world.clock.now();
  const key = `resend:${hashSecret(email)}:${Math.floor(now / PERIOD_MS)}`;
  const payload = { template: 'resend', to: email, locale, data: {} } as const;
  await deps.db.write((tx) => deps.jobs.enqueue(tx, { kind: 'mail', key, payload }, now));
}
