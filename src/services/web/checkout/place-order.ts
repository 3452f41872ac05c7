/** Creates the pending order of a checkout. The order exists before the buyer is sent to the payment provider. */
import { newId } from '../../../domain/id.ts';
import { splitGross } from '../../../domain/money.ts';
import { normaliseEmail } from '../../../domain/order.ts';
import { hashSecret, orderSecret } from '../../../domain/secret.ts';
import { insertOrder, type Order, orderById } from '../../../ports/main-db/queries/orders.ts';
import type { WebDeps } from '../deps.ts';
import type { ShopGame } from '../shop/catalogue.ts';

export async function placeOrder(
  deps: WebDeps,
  game: ShopGame,
  email: string,
  locale: string,
): Promise<Order> {
  const { price } = game;
  if (!price) throw new Error(`${game.slug} is not for sale`);
  const id = newId(deps.world.random);
  const { netMinor, taxMinor } = splitGross(price.minor, deps.studio.vatRate);
  const line = {
    game: game.slug,
    title: game.texts.title,
    quantity: 1,
    net_minor: netMinor,
    tax_minor: taxMinor,
    gross_minor: price.minor,
    tax_rate: deps.studio.vatRate,
  };
  await deps.db.write((tx) =>
    insertOrder(
      tx,
      {
        id,
        state: 'pending',
        secret_hash: hashSecret(orderSecret(id, deps.keys.seal)),
        email: normaliseEmail(email),
        locale,
        currency: price.currency,
        provider: deps.payments.name,
        session_id: null,
        created_at: deps.world.clock.now(),
        paid_at: null,
      },
      [line],
    ),
  );
  const order = await orderById(deps.db.read, id);
  if (!order) throw new Error(`order ${id} was written and is not there`);
  return order;
}
