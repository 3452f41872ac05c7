/** The studio's pages: overview, outbox, status. They require the key in their address, and are 404 without it. */
import type { Child } from 'hono/jsx';
import { formatMoney, totalOf } from '../../../domain/money.ts';
import { sameSecret } from '../../../domain/secret.ts';
import { allHosts } from '../../../ports/main-db/queries/hosts.ts';
import { listOrders } from '../../../ports/main-db/queries/orders.ts';
import { paymentEventsByState, orderCounts, roomCounts } from '../../../ports/main-db/queries/overview.ts';
import { currentReleases } from '../../../ports/main-db/queries/releases.ts';
import type { OutboxMail } from '../../../ports/mail/outbox.ts';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import { Count, Table, Timestamp } from '../components/table.tsx';
import type { WebDeps } from '../deps.ts';
import { PROBLEM_EVENTS } from '../checkout/fulfil.ts';
import { Page } from '../components/layout.tsx';
import { sendError, sendPage } from '../http/respond.tsx';

const ORDERS_SHOWN = 50;
const MAILS_SHOWN = 200;
const PROBLEMS_SHOWN = 20;
/** A mail's HTML may be shown and its links opened; scripts and remote content are blocked. */
const MAIL_POLICY =
  "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'; " +
  'sandbox allow-popups allow-popups-to-escape-sandbox';

export const adminRoutes: RouteModule = (routes, deps) => {
  const get = (path: string, handler: (c: WebContext) => Promise<Response>) =>
    routes.get(path, async (c) => {
      if (!sameSecret(c.req.query('key') ?? '', deps.keys.admin)) return sendError(c, 'not-found');
      const response = await handler(c);
      response.headers.set('Cache-Control', 'private, no-store');
      return response;
    });

  get('/admin', async (c) => sendPage(<Overview c={c} {...await readOverview(deps)} />));
  get('/admin/status', async (c) => sendPage(<Status c={c} {...await readStatus(deps)} />));
  get('/admin/outbox', async (c) => {
    const mails = deps.outbox && (await deps.outbox.list(MAILS_SHOWN));
    return sendPage(<Outbox c={c} mails={mails} />);
  });
  get('/admin/outbox/:id', async (c) => {
    const mail = await findMail(deps, c);
    return mail ? sendPage(<MailPage c={c} mail={mail} />) : sendError(c, 'not-found');
  });
  get('/admin/outbox/:id/html', async (c) => {
    const mail = await findMail(deps, c);
    if (!mail) return sendError(c, 'not-found');
    const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': MAIL_POLICY };
    // Without the base element links would open inside the frame.
    return new Response(`<base target="_blank">${mail.html}`, { headers });
  });
};

async function findMail(deps: WebDeps, c: WebContext): Promise<OutboxMail | null> {
  return deps.outbox && deps.outbox.read(c.req.param('id') ?? '');
}

async function readOverview({ db, jobs }: WebDeps) {
  const { read } = db;
  const [orders, problems, states, rooms, work] = await Promise.all([
    listOrders(read, { limit: ORDERS_SHOWN }),
    paymentEventsByState(read, PROBLEM_EVENTS, PROBLEMS_SHOWN),
    orderCounts(read),
    roomCounts(read),
    jobs.counts(read),
  ]);
  return { orders, problems, states, rooms, work };
}

async function readStatus({ db, jobs, health }: WebDeps) {
  const [work, releases, hosts] = await Promise.all([
    jobs.counts(db.read),
    currentReleases(db.read),
    allHosts(db.read),
  ]);
  return { work, releases, hosts, health: health() };
}

interface AdminProps {
  readonly c: WebContext;
  readonly title: string;
  readonly children: Child;
}

function AdminPage({ c, title, children }: AdminProps) {
  const { t } = c.var;
  const key = keyOf(c);
  return (
    <Page c={c} title={title} bodyClass="admin">
      <div class="wide">
        <nav class="tabs" aria-label={t('admin.nav')}>
          <a href={`/admin?${key}`}>{t('admin.overview')}</a>
          <a href={`/admin/outbox?${key}`}>{t('admin.outbox')}</a>
          <a href={`/admin/status?${key}`}>{t('admin.status')}</a>
        </nav>
        <h1>{title}</h1>
        {children}
      </div>
    </Page>
  );
}

function keyOf(c: WebContext): string {
  return new URLSearchParams({ key: c.req.query('key') ?? '' }).toString();
}

type OverviewProps = { readonly c: WebContext } & Awaited<ReturnType<typeof readOverview>>;

function Overview({ c, orders, problems, states, rooms, work }: OverviewProps) {
  const { t, locale } = c.var;
  const mails = work.filter(({ kind }) => kind === 'mail');
  return (
    <AdminPage c={c} title={t('admin.overview')}>
      <ul class="counts">
        {states.map(({ state, count }) => (
          <Count label={t(`admin.orders_${state}`)} count={count} />
        ))}
        <Count label={t('admin.rooms')} count={rooms.all} />
        <Count label={t('admin.rooms_finished')} count={rooms.finished} />
        <Count label={t('admin.rooms_quarantined')} count={rooms.quarantined} bad={rooms.quarantined > 0} />
        {mails.map(({ state, count }) => (
          <Count label={t(`admin.mails_${state}`)} count={count} bad={state === 'dead'} />
        ))}
      </ul>
      {problems.length > 0 && (
        <section class="alarm">
          <h2>{t('admin.odd_title')}</h2>
          <Table
            head={[t('admin.column_time'), t('admin.column_what'), t('admin.column_order')]}
            rows={problems.map((event) => [
              <Timestamp at={event.received_at} />,
              t(`admin.odd_${event.state.replaceAll('-', '_')}`),
              <code>{event.order_id}</code>,
            ])}
          />
        </section>
      )}
      <h2>{t('admin.orders_title')}</h2>
      <Table
        head={['time', 'order', 'state', 'email', 'what', 'total'].map((name) => t(`admin.column_${name}`))}
        rows={orders.map((order) => [
          <Timestamp at={order.created_at} />,
          <code>{order.id}</code>,
          t(`admin.state_${order.state}`),
          order.email,
          order.lines.map((line) => line.title).join(', '),
          formatMoney({ minor: totalOf(order.lines).gross_minor, currency: order.currency }, locale),
        ])}
      />
    </AdminPage>
  );
}

type StatusProps = { readonly c: WebContext } & Awaited<ReturnType<typeof readStatus>>;

function Status({ c, work, releases, hosts, health }: StatusProps) {
  const { t } = c.var;
  return (
    <AdminPage c={c} title={t('admin.status')}>
      <h2>{t('admin.services')}</h2>
      <Table
        head={[t('admin.column_service'), t('admin.column_state')]}
        rows={Object.entries(health).map(([name, fault]) => [name, fault ?? t('admin.well')])}
      />
      <h2>{t('admin.hosts')}</h2>
      <Table
        head={['slot', 'state', 'version', 'load'].map((name) => t(`admin.column_${name}`))}
        rows={hosts.map((host) => [host.slot, host.state, host.version, String(host.load)])}
      />
      <h2>{t('admin.jobs')}</h2>
      <Table
        head={['what', 'state', 'count'].map((name) => t(`admin.column_${name}`))}
        rows={work.map((row) => [row.kind, row.state, String(row.count)])}
      />
      <h2>{t('admin.releases')}</h2>
      <Table
        head={['game', 'time', 'release', 'rules'].map((name) => t(`admin.column_${name}`))}
        rows={releases.map((release) => [
          release.game,
          <Timestamp at={release.published_at} />,
          <code>{release.id.slice(0, 12)}</code>,
          <code>{release.rules_hash.slice(0, 12)}</code>,
        ])}
      />
    </AdminPage>
  );
}

function Outbox({ c, mails }: { readonly c: WebContext; readonly mails: readonly OutboxMail[] | null }) {
  const { t } = c.var;
  return (
    <AdminPage c={c} title={t('admin.outbox')}>
      <p>{t(mails === null ? 'admin.outbox_smtp' : 'admin.outbox_text')}</p>
      {mails !== null && (
        <Table
          head={['time', 'to', 'subject'].map((name) => t(`admin.column_${name}`))}
          rows={mails.map((mail) => [
            <Timestamp at={mail.sentAt} />,
            mail.to,
            <a href={`/admin/outbox/${mail.id}?${keyOf(c)}`}>{mail.subject}</a>,
          ])}
        />
      )}
    </AdminPage>
  );
}

function MailPage({ c, mail }: { readonly c: WebContext; readonly mail: OutboxMail }) {
  const { t } = c.var;
  return (
    <AdminPage c={c} title={mail.subject}>
      <p>{t('admin.mail_head', { from: mail.from, to: mail.to })}</p>
      <iframe
        class="mail-frame"
        title={t('admin.mail_html')}
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        src={`/admin/outbox/${mail.id}/html?${keyOf(c)}`}
      ></iframe>
      <h2>{t('admin.mail_text')}</h2>
      <pre class="mail-text">{withLinks(mail.text)}</pre>
    </AdminPage>
  );
}

/** Turns addresses in the text into links. */
function withLinks(text: string): Child[] {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, index) => {
    return index % 2 === 1 ? <a href={part}>{part}</a> : part;
  });
}
