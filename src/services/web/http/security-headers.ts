/** Security headers of every response of the web service. No page has inline script or style. */

export interface SecurityOptions {
  /** The public address: pages may open its sockets, and forms may be redirected to it. */
  readonly url: string;
  /** Other origins that a checkout form may be redirected to (a payment provider). */
  readonly formOrigins: readonly string[];
  /** Other origins whose sockets pages may open. */
  readonly socketOrigins: readonly string[];
}

export type SecurityHeaders = readonly (readonly [string, string])[];

/**
 * The referrer policy is `same-origin` and not `no-referrer`: with the latter, browsers send `Origin: null` with
 * our own forms, and the Origin check could not distinguish them from other sites' forms. Neither policy sends a
 * referrer to other sites, so the secrets in our addresses are not disclosed.
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
    // Chromium also applies form-action to the redirect that follows a POST.
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

/** Adds the headers that the handler has not set. Shared caches store no response unless its handler allows it. */
export function applySecurityHeaders(response: Response, headers: SecurityHeaders): void {
  for (const [name, value] of headers) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  if (!response.headers.has('Cache-Control')) response.headers.set('Cache-Control', 'private, no-cache');
}
