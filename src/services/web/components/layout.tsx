/** The frame of every page: head, header with the studio's name, footer with support and legal links. */
import type { Child } from 'hono/jsx';
import type { LegalPage } from '../../../domain/studio.ts';
import type { WebContext } from '../http/route-types.ts';

/** The asset of the display font; `/studio.css` declares it. */
export const DISPLAY_FONT = 'besley-latin-wght-normal.woff2';

export interface PageProps {
  readonly c: WebContext;
  /** The studio's name is appended. */
  readonly title: string;
  readonly description?: string;
  /** Logical names of further style sheets; `site.css` is always included. */
  readonly styles?: readonly string[];
  /** Logical names of module scripts. All pages of the shop work without scripts. */
  readonly scripts?: readonly string[];
  /** `bare` omits header and footer, for the play page. */
  readonly frame?: 'full' | 'bare';
  /** Search engines may index the page. Never set for pages with a secret in their address. */
  readonly listed?: boolean;
  /** The page reloads itself after this many seconds. */
  readonly refreshSeconds?: number;
  readonly bodyClass?: string;
  readonly children?: Child;
}

export function Page(props: PageProps) {
  const { c } = props;
  const { deps, locale, t } = c.var;
  const hasFrame = props.frame !== 'bare';
  return (
    <html lang={locale}>
      <Head {...props} />
      <body class={props.bodyClass ?? ''}>
        {hasFrame && (
          <a class="skip" href="#main">
            {t('common.skip')}
          </a>
        )}
        {hasFrame && deps.testCheckout !== null && <p class="notice-bar">{t('common.test_mode')}</p>}
        {hasFrame && <Header c={c} />}
        <main id="main" class={hasFrame ? 'main' : 'main-bare'}>
          {props.children}
        </main>
        {hasFrame && <Footer c={c} />}
      </body>
    </html>
  );
}

function Head(props: PageProps) {
  const { deps, locale } = props.c.var;
  const { assets, studio } = deps;
  return (
    <head>
      <meta charset="utf-8" />
      <title>{`${props.title} · ${studio.name}`}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
      {props.description !== undefined && <meta name="description" content={props.description} />}
      {props.listed !== true && <meta name="robots" content="noindex" />}
      {props.refreshSeconds !== undefined && (
        <meta http-equiv="refresh" content={String(props.refreshSeconds)} />
      )}
      <meta name="theme-color" content={studio.colours.paper} />
      {props.listed === true && (
        <>
          <meta property="og:title" content={props.title} />
          <meta property="og:site_name" content={studio.name} />
          <meta property="og:locale" content={locale} />
        </>
      )}
      <link rel="icon" href="/studio/logo" />
      <link rel="stylesheet" href={assets.url('site.css')} />
      <link rel="stylesheet" href="/studio.css" />
      {/* After the styles, which block rendering; until the font is loaded a fallback font is shown. */}
      <link
        rel="preload"
        href={assets.url(DISPLAY_FONT)}
        as="font"
        type="font/woff2"
        crossorigin=""
        fetchpriority="low"
      />
      {(props.styles ?? []).map((name) => (
        <link rel="stylesheet" href={assets.url(name)} />
      ))}
      {(props.scripts ?? []).map((name) => (
        <script type="module" src={assets.url(name)}></script>
      ))}
    </head>
  );
}

function Header({ c }: { readonly c: WebContext }) {
  const { deps, t } = c.var;
  return (
    <header class="site-header">
      <div class="wide site-header-row">
        <a class="brand" href="/">
          <img src="/studio/logo" alt="" width="44" height="44" />
          <span>{deps.studio.name}</span>
        </a>
        <nav class="site-nav" aria-label={t('common.nav')}>
          <a href="/#games">{t('common.nav_games')}</a>
          <a href="/resend">{t('common.nav_resend')}</a>
        </nav>
      </div>
    </header>
  );
}

const LEGAL_PAGES: readonly { readonly page: LegalPage; readonly key: string }[] = [
  { page: 'imprint', key: 'common.legal_imprint' },
  { page: 'privacy', key: 'common.legal_privacy' },
  { page: 'terms', key: 'common.legal_terms' },
];

function Footer({ c }: { readonly c: WebContext }) {
  const { deps, t } = c.var;
  const { support } = deps.studio;
  return (
    <footer class="site-footer">
      <div class="wide site-footer-row">
        <div>
          <p class="site-footer-name">{deps.studio.name}</p>
          <p>
            {t('common.support')} <a href={`mailto:${support.email}`}>{support.email}</a>
            {support.hours !== undefined && <span class="quiet"> {support.hours}</span>}
          </p>
        </div>
        <nav aria-label={t('common.nav_legal')}>
          <ul class="plain-list">
            {LEGAL_PAGES.map(({ page, key }) => (
              <li>
                <a href={`/legal/${page}`}>{t(key)}</a>
              </li>
            ))}
          </ul>
        </nav>
        <LanguageSwitch c={c} />
      </div>
    </footer>
  );
}

function LanguageSwitch({ c }: { readonly c: WebContext }) {
  const { deps, locale, t } = c.var;
  const back = c.req.method === 'GET' ? new URL(c.req.url).pathname : '/';
  return (
    <form method="post" action="/language" class="language">
      <input type="hidden" name="back" value={back} />
      <fieldset>
        <legend>{t('common.language')}</legend>
        {deps.texts.locales.map((one) => (
          <button type="submit" name="lang" value={one} lang={one} aria-pressed={String(one === locale)}>
            {deps.texts.t(one, 'common.language_name')}
          </button>
        ))}
      </fieldset>
    </form>
  );
}

/** JSON for a page's script. It is not executed, so the security policy allows it. */
export function DataBlock({ id, value }: { readonly id: string; readonly value: unknown }) {
  const json = JSON.stringify(value).replaceAll('<', '\\u003c');
  return <script id={id} type="application/json" dangerouslySetInnerHTML={{ __html: json }}></script>;
}
