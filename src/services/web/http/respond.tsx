/** Builds responses: a page, a redirect after a POST, JSON, an error with its code. */
import type { HtmlEscapedString } from 'hono/utils/html';
import type { WebContext } from './route-types.ts';
import { ERRORS, type ErrorCode, type Next, nextAfter } from '../errors.ts';
import { Page } from '../components/layout.tsx';

/** The result of JSX on the server; a promise if a component is asynchronous. */
type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export async function sendPage(page: Html, status = 200): Promise<Response> {
  const html = await Promise.resolve((await page).toString());
  return new Response(`<!doctype html>${html}`, {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8', Vary: 'Accept-Language, Cookie' },
  });
}

/** Redirects to `address` after a POST: a path of this site, or an address of the payment provider. */
export function seeOther(address: string): Response {
  return new Response(null, { status: 303, headers: { Location: address } });
}

export function sendError(c: WebContext, code: ErrorCode, retryAfterSeconds?: number): Promise<Response> {
  const { status, texts } = ERRORS[code];
  const { t } = c.var;
  const page = sendPage(
    <Page c={c} title={t(`${texts}_title`)}>
      <article class="narrow notice-page">
        <h1>{t(`${texts}_title`)}</h1>
        <p>{t(`${texts}_text`)}</p>
        <p>
          <a class="button" href="/">
            {t('common.back_home')}
          </a>
        </p>
        <p class="quiet">
          {t('common.error_code')} <code>{code}</code>
        </p>
      </article>
    </Page>,
    status,
  );
  return page.then((response) => withRetryAfter(response, retryAfterSeconds));
}

export function sendJson(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
  });
}

/** The body of every refusal that a script reads, the join call's included. */
export interface JsonRefusal {
  readonly ok: false;
  readonly code: string;
  /** Decides: `retry` = try again with backoff, `stop` = show the error of this code. */
  readonly next: Next;
  /** A copy of `next` under its earlier name: pages that were opened before an update still read it. */
  readonly then: Next;
}

export function jsonRefusal(code: ErrorCode): JsonRefusal {
  const next = nextAfter(code);
  // oxlint-disable-next-line unicorn/no-thenable -- a field of the JSON, not a promise
  return { ok: false, code, next, then: next };
}

export function sendJsonError(code: ErrorCode, retryAfterSeconds?: number): Response {
  return withRetryAfter(sendJson(jsonRefusal(code), ERRORS[code].status), retryAfterSeconds);
}

function withRetryAfter(response: Response, seconds: number | undefined): Response {
  if (seconds !== undefined) response.headers.set('Retry-After', String(seconds));
  return response;
}
