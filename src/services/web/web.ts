/** The web service: every page and call of the platform, as one function from request to answer. */
import { Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Log } from '../../lib/log.ts';
import type { RouteModule, WebContext, WebEnv } from './route-types.ts';
import type { WebDeps } from './deps.ts';
import { sendError } from './respond.tsx';
import { reconciler } from './reconcile-payments.ts';
import { routesOn } from './router.ts';
import { Limits } from './middleware/limits.ts';
import { chooseLocale, LANGUAGE_COOKIE } from './middleware/locale.ts';
import { applyHeaders, type SecurityHeaders, securityHeaders } from './middleware/security.ts';
import { adminRoutes } from './routes/admin.tsx';
import { checkoutRoutes } from './routes/checkout.tsx';
import { endRoutes } from './routes/end.tsx';
import { legalRoutes } from './routes/legal.tsx';
import { lobbyRoutes } from './routes/lobby.tsx';
import { orderRoutes } from './routes/order.tsx';
import { playRoutes } from './routes/play.tsx';
import { resendRoutes } from './routes/resend.tsx';
import { shopRoutes } from './routes/shop.tsx';
import { staticRoutes } from './routes/static.ts';
import { testProviderRoutes, webhookRoutes } from './routes/test-provider.tsx';

export interface Web {
  /** `address`: the visitor's, for limits. Never rejects. */
  fetch(request: Request, address: string): Promise<Response>;
  stop(): Promise<void>;
}

const MODULES: readonly RouteModule[] = [
  staticRoutes,
  shopRoutes,
  checkoutRoutes,
  orderRoutes,
  lobbyRoutes,
  playRoutes,
  endRoutes,
  resendRoutes,
  legalRoutes,
  webhookRoutes,
  testProviderRoutes,
  adminRoutes,
];

export function createWeb(deps: WebDeps): Web {
  const app = new Hono<WebEnv>();
  const headers = headersFor(deps);
  app.use(async (c, next) => {
    prepare(c, deps);
    await next();
    applyHeaders(c.res, headers());
  });
  const routes = routesOn(app, new Limits(deps.world.clock), new URL(deps.url).origin);
  for (const register of MODULES) register(routes, deps);
  app.notFound((c) => sendError(c, 'not-found'));
  app.onError((error, c) => {
    logError(deps.log, c.req.method, c.req.routePath, error);
    return sendError(c, isStorageFull(error) ? 'storage-full' : 'internal');
  });
  const reconciling = reconciler(deps);
  reconciling.start((error) => logError(deps.log, '-', 'reconcile', error));
  return {
    fetch: async (request, address) => app.fetch(request, { address }),
    stop: () => reconciling.stop(),
  };
}

/** Made anew only when a game process has moved to another port. */
function headersFor({ url, placement }: WebDeps): () => SecurityHeaders {
  const make = () => securityHeaders({ url, formOrigins: [], socketOrigins: placement.socketOrigins() });
  let origins = placement.socketOrigins();
  let headers = make();
  return () => {
    if (placement.socketOrigins() !== origins) {
      origins = placement.socketOrigins();
      headers = make();
    }
    return headers;
  };
}

function prepare(c: WebContext, deps: WebDeps): void {
  const locale = chooseLocale(deps.texts, {
    query: c.req.query('lang') ?? null,
    cookie: getCookie(c, LANGUAGE_COOKIE) ?? null,
    header: c.req.header('accept-language') ?? null,
  });
  c.set('deps', deps);
  c.set('address', c.env.address);
  c.set('locale', locale);
  c.set('t', (key, values) => deps.texts.t(locale, key, values));
}

/** The route's pattern and never the address: that may hold a secret. */
function logError(log: Log, method: string, route: string, error: unknown): void {
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error('page', { method, route, error: said });
}

/** SQLite's word, and the class of PostgreSQL's. */
function isStorageFull(error: Error): boolean {
  return 'code' in error && (error.code === 'SQLITE_FULL' || error.code === '53100');
}
