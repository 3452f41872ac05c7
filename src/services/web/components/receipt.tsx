/** The lines of an order with net, tax and gross; the totals are sums of the lines (I9). */
import { formatMoney, formatRate, totalOf } from '../../../domain/money.ts';
import type { Order } from '../../../ports/main-db/queries/orders.ts';
import type { WebContext } from '../http/route-types.ts';

export function Receipt({ c, order }: { readonly c: WebContext; readonly order: Order }) {
  const { t, locale } = c.var;
  const money = (minor: number) => formatMoney({ minor, currency: order.currency }, locale);
  const total = totalOf(order.lines);
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
  return (
    <section class="receipt" aria-labelledby="receipt">
      <h2 id="receipt">{t(order.state === 'paid' ? 'order.receipt_title' : 'order.lines_title')}</h2>
      <p class="quiet">
        {t('order.receipt_number', { id: order.id })} ·{' '}
        <time datetime={new Date(order.created_at).toISOString()}>
          {date.format(new Date(order.created_at))}
        </time>
      </p>
      <div class="table-frame">
        <table>
          <thead>
            <tr>
              <th scope="col">{t('order.column_what')}</th>
              <th scope="col">{t('order.column_net')}</th>
              <th scope="col">{t('order.column_tax')}</th>
              <th scope="col">{t('order.column_gross')}</th>
            </tr>
          </thead>
          <tbody>
            {order.lines.map((line) => (
              <tr>
                <th scope="row">{t('order.line', { quantity: line.quantity, title: line.title })}</th>
                <td>{money(line.net_minor)}</td>
                <td>
                  {money(line.tax_minor)} <span class="quiet">({formatRate(line.tax_rate, locale)})</span>
                </td>
                <td>{money(line.gross_minor)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t('order.total')}</th>
              <td>{money(total.net_minor)}</td>
              <td>{money(total.tax_minor)}</td>
              <td>{money(total.gross_minor)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  );
}
