/** Registers routes with Hono. Every POST gets its rate limit, Origin check, type check and body limit here. */
import type { Hono } from 'hono';
import { parseJson } from '../../../lib/json.ts';
import {
  POST_BYTES_MAX,
  type PostOptions,
  type Routes,
  type WebContext,
  type WebEnv,
} from './route-types.ts';
import type { ErrorCode } from '../errors.ts';
import { hasType, readBody } from './body.ts';
import type { VisitorRateLimits } from './rate-limits.ts';
import { isOwnOrigin } from './origin.ts';
import { sendError, sendJsonError } from './respond.tsx';

type BodyHandler = (c: WebContext, body: string) => Response | Promise<Response>;

export function createRoutes(app: Hono<WebEnv>, limits: VisitorRateLimits, ownOrigin: string): Routes {
  const post = (path: string, options: PostOptions, type: string | null, handler: BodyHandler) => {
    const refuse = (c: WebContext, code: ErrorCode, retryAfter?: number) =>
      (options.refusal ?? (type === 'application/json' ? 'json' : 'page')) === 'json'
        ? sendJsonError(code, retryAfter)
        : sendError(c, code, retryAfter);
    app.post(path, async (c) => {
      const request = c.req.raw;
      const wait = limits.take(path, c.var.address, options.limit);
      if (wait > 0) return refuse(c, options.tooMany ?? 'too-many', wait);
      if (options.origin !== 'any' && !isOwnOrigin(request.headers, ownOrigin))
        return refuse(c, 'wrong-origin');
      if (type !== null && !hasType(request, type)) return refuse(c, 'wrong-body');
      const body = await readBody(request, options.bytesMax ?? POST_BYTES_MAX);
      if (!body.ok) return refuse(c, body.why);
      return handler(c, body.text);
    });
  };
  return {
    get(path, handler) {
      app.get(path, (c) => handler(c as WebContext<typeof path>));
    },
    postForm(path, options, handler) {
      post(path, options, 'application/x-www-form-urlencoded', (c, body) =>
        handler(c, new URLSearchParams(body)),
      );
    },
    postJson(path, options, handler) {
      post(path, options, 'application/json', (c, body) => {
        const parsed = parseJson(body);
        return parsed === undefined ? sendJsonError('bad-request') : handler(c, parsed);
      });
    },
    postRaw(path, options, handler) {
      post(path, options, null, (c, body) => handler(c, body));
    },
  };
}
