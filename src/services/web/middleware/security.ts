/** Headers that every answer of the web service carries. No page has inline script or style. */

export interface SecurityOptions {
  /** The public address; its sockets may be opened, and forms may end there after a redirect. */
  readonly url: string;
  /** Origins a checkout form may be redirected to (a payment provider), besides our own. */
  readonly formOrigins: readonly string[];
  /** Origins whose sockets may be opened, besides the public address. */
  readonly socketOrigins: readonly string[];
}

export type SecurityHeaders = readonly (readonly [string, string])[];

/**
 * `same-origin` as referrer policy, not `no-referrer`: with the latter, browsers send `Origin: null`
 * with our own forms, and the Origin check could no longer tell them from foreign ones. To other
 * sites neither says a thing, so the secrets in our addresses stay here.
 */
export function securityHeaders(options: SecurityOptions): SecurityHeaders {
  const { origin, host, protocol } = new URL(options.url);
  const sockets = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}`;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "media-src 'self'",
    `connect-src 'self' ${[sockets, ...options.socketOrigins].join(' ')}`,
    "manifest-src 'self'",
    // Chromium applies form-action to the redirect after a POST, too.
    `form-action 'self' ${[origin, ...options.formOrigins].join(' ')}`,
    "frame-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
  return [
    ['Content-Security-Policy', policy],
    ['Referrer-Policy', 'same-origin'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
    ['Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=()'],
  ];
}

/** Sets what the handler has not set itself; pages are not kept by caches unless they say so. */
export function applyHeaders(response: Response, headers: SecurityHeaders): void {
  for (const [name, value] of headers) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  if (!response.headers.has('Cache-Control')) response.headers.set('Cache-Control', 'private, no-cache');
}
