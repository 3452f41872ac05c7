/** The web service: all pages and API calls of the platform, as one function from request to response. */
import { Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Log } from '../../lib/log.ts';
import type { RouteModule, WebContext, WebEnv } from './http/route-types.ts';
import type { WebDeps } from './deps.ts';
import { sendError, sendJsonError } from './http/respond.tsx';
import { startReconciling } from './checkout/reconcile-payments.ts';
import { createRoutes } from './http/router.ts';
import { VisitorRateLimits } from './http/rate-limits.ts';
import { chooseLocale, LANGUAGE_COOKIE } from './http/locale.ts';
import { applySecurityHeaders, type SecurityHeaders, securityHeaders } from './http/security-headers.ts';
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
import { testProviderRoutes } from './routes/test-provider.tsx';
import { webhookRoutes } from './routes/webhook.ts';

export interface Web {
  /** `address` is the visitor's, for rate limits. Never rejects. */
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
    setVariables(c, deps);
    await next();
    applySecurityHeaders(c.res, headers());
  });
  const routes = createRoutes(app, new VisitorRateLimits(deps.world.clock), new URL(deps.url).origin);
  for (const register of MODULES) register(routes, deps);
  app.notFound((c) => sendError(c, 'not-found'));
  app.onError((error, c) => {
    logError(deps.log, c.req.method, c.req.routePath, error);
    const code = isStorageFull(error) ? 'storage-full' : 'internal';
    return c.req.path.startsWith('/api/') ? sendJsonError(code) : sendError(c, code);
  });
  const reconciling = startReconciling(deps, (error) => logError(deps.log, '-', 'reconcile', error));
  return {
    fetch: async (request, address) => app.fetch(request, { address }),
    stop: () => reconciling.stop(),
  };
}

/** Builds the headers once, and again only after a game process has moved to another port. */
function headersFor({ url, placement }: WebDeps): () => SecurityHeaders {
  const build = () => securityHeaders({ url, formOrigins: [], socketOrigins: placement.socketOrigins() });
  let origins = placement.socketOrigins();
  let headers = build();
  return () => {
    if (placement.socketOrigins() !== origins) {
      origins = placement.socketOrigins();
      headers = build();
    }
    return headers;
  };
}

function setVariables(c: WebContext, deps: WebDeps): void {
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

/** Logs the route's pattern, never the address, which may contain a secret. */
function logError(log: Log, method: string, route: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error('page', { method, route, error: detail });
}

/** SQLite's error code, and PostgreSQL's for a full disk. */
function isStorageFull(error: Error): boolean {
  return 'code' in error && (error.code === 'SQLITE_FULL' || error.code === '53100');
}
