/** The studio's legal pages (imprint, privacy, terms), and the form in every footer that sets the language. */
import { renderMarkdown } from '../../../lib/markdown.ts';
import type { LegalPage } from '../../../domain/studio.ts';
import type { RouteModule } from '../http/route-types.ts';
import { Page } from '../components/layout.tsx';
import { createCookie, withCookies } from '../http/cookies.ts';
import { LANGUAGE_COOKIE } from '../http/locale.ts';
import { seeOther, sendError, sendPage } from '../http/respond.tsx';

const TITLES: { readonly [P in LegalPage]: string } = {
  imprint: 'common.legal_imprint',
  privacy: 'common.legal_privacy',
  terms: 'common.legal_terms',
};
const YEAR_S = 365 * 24 * 3_600;

export const legalRoutes: RouteModule = (routes, deps) => {
  routes.get('/legal/:page', (c) => {
    const page = c.req.param('page');
    if (!isLegal(page)) return sendError(c, 'not-found');
    const html = renderMarkdown(deps.studio.legal(page, c.var.locale));
    return sendPage(
      <Page c={c} title={c.var.t(TITLES[page])} listed>
        <article class="narrow prose" dangerouslySetInnerHTML={{ __html: html }}></article>
      </Page>,
    );
  });

  routes.postForm('/language', { limit: { burst: 30, perMinute: 30 } }, (c, form) => {
    const lang = form.get('lang') ?? '';
    const back = form.get('back') ?? '';
    if (!deps.texts.locales.includes(lang)) return sendError(c, 'bad-request');
    const cookie = createCookie(c, LANGUAGE_COOKIE, lang, YEAR_S);
    return withCookies(seeOther(isOwnPath(back) ? back : '/'), cookie);
  });
};

function isLegal(page: string): page is LegalPage {
  return Object.hasOwn(TITLES, page);
}

/** Accepts only paths of this site: browsers take `//host` and `/\host` for other sites. */
function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(path);
}
