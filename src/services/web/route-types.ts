/**
 * What every route module of the web service is written against. A module is a function that
 * registers its addresses on `Routes`; there is no other way to register a POST, so none can be
 * without a limit, a body size and an Origin check. GET handlers change nothing.
 */
import type { Context } from 'hono';
import type { WebDeps } from './deps.ts';
import type { ErrorCode } from './errors.ts';

export interface WebVariables {
  readonly deps: WebDeps;
  /** The visitor's address, for limits only. */
  address: string;
  /** One of the locales we have texts in. */
  locale: string;
  /** A text in the visitor's language. */
  t: (key: string, values?: { readonly [name: string]: string | number }) => string;
}
export interface WebEnv {
  Variables: WebVariables;
  Bindings: { readonly address: string };
}
export type WebContext<P extends string = string> = Context<WebEnv, P>;
type Answer = Response | Promise<Response>;

/** A token bucket per visitor and route: `burst` at once, then `perMinute`. */
export interface Limit {
  readonly burst: number;
  readonly perMinute: number;
}

export interface PostOptions {
  readonly limit: Limit;
  /** Longest body, default POST_BYTES_MAX. */
  readonly bytesMax?: number;
  /**
   * `own` (default): only our own pages may send it. `any`: for machines that prove themselves in
   * another way, such as a payment provider's signature.
   */
  readonly origin?: 'own' | 'any';
  /** What a visitor over the limit is told; default `too-many`. */
  readonly tooMany?: ErrorCode;
  /** How a refusal (limit, size, origin) is told; default: a page for forms, JSON for the others. */
  readonly refusal?: 'page' | 'json';
}

export const POST_BYTES_MAX = 16 * 1024;

export interface Routes {
  get<P extends string>(path: P, handler: (c: WebContext<P>) => Answer): void;
  /** An HTML form (application/x-www-form-urlencoded). */
  postForm<P extends string>(
    path: P,
    options: PostOptions,
    handler: (c: WebContext<P>, form: URLSearchParams) => Answer,
  ): void;
  /** A JSON body, parsed but not yet validated. */
  postJson<P extends string>(
    path: P,
    options: PostOptions,
    handler: (c: WebContext<P>, body: unknown) => Answer,
  ): void;
  /** The body as it came, for signatures over it. */
  postRaw<P extends string>(
    path: P,
    options: PostOptions,
    handler: (c: WebContext<P>, body: string) => Answer,
  ): void;
}

export type RouteModule = (routes: Routes, deps: WebDeps) => void;
