/** How handlers answer: a page, a redirect after a POST, an error with its code. */
import type { HtmlEscapedString } from 'hono/utils/html';
import type { WebContext } from './route-types.ts';
import { ERRORS, type ErrorCode } from './errors.ts';
import { Page } from './layout.tsx';

/** What JSX on the server gives; its `toString` may be a promise when a component is asynchronous. */
type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Sends a `<Page>`. */
export async function sendPage(page: Html, status = 200): Promise<Response> {
  const html = await Promise.resolve((await page).toString());
  return new Response(`<!doctype html>${html}`, {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8', Vary: 'Accept-Language, Cookie' },
  });
}

/** After a POST: the browser asks for `path` with GET. Only paths of our own site or a till's address. */
export function seeOther(path: string): Response {
  return new Response(null, { status: 303, headers: { Location: path } });
}

export function sendError(c: WebContext, code: ErrorCode, retryAfterSeconds?: number): Promise<Response> {
  const { status, texts } = ERRORS[code];
  const { t } = c.var;
  const answer = sendPage(
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
  if (retryAfterSeconds === undefined) return answer;
  return answer.then((response) => {
    response.headers.set('Retry-After', String(retryAfterSeconds));
    return response;
  });
}

export function sendJson(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
  });
}

export function sendJsonError(code: ErrorCode, retryAfterSeconds?: number): Response {
  const response = sendJson({ error: code }, ERRORS[code].status);
  if (retryAfterSeconds !== undefined) response.headers.set('Retry-After', String(retryAfterSeconds));
  return response;
}
