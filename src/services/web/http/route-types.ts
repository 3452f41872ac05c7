/**
 * The interface for route modules. A module is a function that registers its addresses on `Routes`. There is no
 * other way to register a POST, so every POST has a rate limit, a body limit and an Origin check. GET handlers
 * change nothing, except on the return page of a payment (I8).
 */
import type { Context } from 'hono';
import type { WebDeps } from '../deps.ts';
import type { ErrorCode } from '../errors.ts';

export interface WebVariables {
  readonly deps: WebDeps;
  /** The visitor's network address; used for rate limits only. */
  address: string;
  /** One of the locales in `locales/`. */
  locale: string;
  /** A text in the visitor's language. */
  t: (key: string, values?: { readonly [name: string]: string | number }) => string;
}
export interface WebEnv {
  Variables: WebVariables;
  Bindings: { readonly address: string };
}
export type WebContext<P extends string = string> = Context<WebEnv, P>;
type HandlerResult = Response | Promise<Response>;

/** A token bucket per visitor and route: `burst` requests at once, then `perMinute`. */
export interface Limit {
  readonly burst: number;
  readonly perMinute: number;
}

export interface PostOptions {
  readonly limit: Limit;
  /** Longest body in bytes; default POST_BYTES_MAX. */
  readonly bytesMax?: number;
  /**
   * `own` (default): only our own pages may send it. `any`: for callers that are authenticated in another way,
   * such as by a payment provider's signature.
   */
  readonly origin?: 'own' | 'any';
  /** Error code for a visitor over the limit; default `too-many`. */
  readonly tooMany?: ErrorCode;
  /** Format of a refusal (limit, size, type, origin); default: a page for forms and raw bodies, JSON for JSON. */
  readonly refusal?: 'page' | 'json';
}

export const POST_BYTES_MAX = 16 * 1024;

export interface Routes {
  get<P extends string>(path: P, handler: (c: WebContext<P>) => HandlerResult): void;
  /** An HTML form (application/x-www-form-urlencoded). */
  postForm<P extends string>(
    path: P,
    options: PostOptions,
    handler: (c: WebContext<P>, form: URLSearchParams) => HandlerResult,
  ): void;
  /** A JSON body, parsed but not yet validated. */
  postJson<P extends string>(
    path: P,
    options: PostOptions,
    handler: (c: WebContext<P>, body: unknown) => HandlerResult,
  ): void;
  /** The body unparsed, for checking a signature over it. */
  postRaw<P extends string>(
    path: P,
    options: PostOptions,
    handler: (c: WebContext<P>, body: string) => HandlerResult,
  ): void;
}

export type RouteModule = (routes: Routes, deps: WebDeps) => void;
