/** Finds an order by the secret in the address of its page. */
import { hashSecret, SECRET } from '../../../domain/secret.ts';
import { type Order, orderBySecretHash } from '../../../ports/main-db/queries/orders.ts';
import type { WebDeps } from '../deps.ts';

export async function findOrder(deps: WebDeps, secret: string): Promise<Order | null> {
  return SECRET.test(secret) ? orderBySecretHash(deps.db.read, hashSecret(secret)) : null;
}
