/** Turns `Routes` calls into Hono routes; here every POST gets its limit, size and Origin check. */
import type { Hono } from 'hono';
import {
  POST_BYTES_MAX,
  type PostOptions,
  type Routes,
  type WebContext,
  type WebEnv,
} from './route-types.ts';
import type { ErrorCode } from './errors.ts';
import { hasType, readBody } from './middleware/body.ts';
import type { Limits } from './middleware/limits.ts';
import { isOwnOrigin } from './middleware/origin.ts';
import { sendError, sendJsonError } from './respond.tsx';

type BodyHandler = (c: WebContext, body: string) => Response | Promise<Response>;

export function routesOn(app: Hono<WebEnv>, limits: Limits, ownOrigin: string): Routes {
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
        if (!parsed.ok) return sendJsonError('bad-request');
        return handler(c, parsed.value);
      });
    },
    postRaw(path, options, handler) {
      post(path, options, null, (c, body) => handler(c, body));
    },
  };
}

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}
