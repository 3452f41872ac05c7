/** The studio's duties: imprint, privacy, terms; and the choice of language that every page offers. */
import { renderMarkdown } from '../../../lib/markdown.ts';
import type { LegalPage } from '../../../domain/studio.ts';
import type { RouteModule } from '../route-types.ts';
import { Page } from '../layout.tsx';
import { LANGUAGE_COOKIE } from '../middleware/locale.ts';
import { seeOther, sendError, sendPage } from '../respond.tsx';

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
    const answer = seeOther(isOwnPath(back) ? back : '/');
    const secure = deps.url.startsWith('https:') ? '; Secure' : '';
    answer.headers.append(
      'Set-Cookie',
      `${LANGUAGE_COOKIE}=${lang}; Path=/; Max-Age=${YEAR_S}; HttpOnly; SameSite=Lax${secure}`,
    );
    return answer;
  });
};

function isLegal(page: string): page is LegalPage {
  return Object.hasOwn(TITLES, page);
}

/** A path of this site and nothing else: `//host` and `/\host` lead elsewhere. */
function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(path);
}
