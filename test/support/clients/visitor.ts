/** A browser without script: keeps its cookies, and sends forms as our own pages do. */
import type { WebFixture } from '../in-process/web-fixture.ts';

export interface Visitor {
  /** The cookies so far, as a `Cookie` header. */
  cookie(): string;
  get(path: string): Promise<Response>;
  post(path: string, form?: { readonly [field: string]: string }): Promise<Response>;
  json(path: string, body: unknown): Promise<Response>;
}

/** Where the program listens; `port` may change when it is started again. */
export interface Site {
  port: number;
  /** Default: the loopback address. */
  readonly hostname?: string;
}

interface VisitorDeps {
  /** Origin of the site at the time of a request. */
  readonly origin: () => string;
  /** Must not follow redirects. */
  readonly fetch: (request: Request) => Promise<Response>;
  readonly language?: string;
}

/** `path` may also be a whole address of the site. */
function createVisitor({ origin, fetch, language = 'en' }: VisitorDeps): Visitor {
  const cookies = new Map<string, string>();
  const cookie = (): string => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('Accept-Language', language);
    if (cookies.size > 0) headers.set('Cookie', cookie());
    const address = new URL(path, origin());
    const response = await fetch(new Request(address, { ...init, headers, redirect: 'manual' }));
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    return response;
  };
  const send = (path: string, type: string, body: string) =>
    request(path, { method: 'POST', headers: { 'Content-Type': type, Origin: origin() }, body });
  return {
    cookie,
    get: (path) => request(path, {}),
    post: (path, form = {}) =>
      send(path, 'application/x-www-form-urlencoded', new URLSearchParams(form).toString()),
    json: (path, body) => send(path, 'application/json', JSON.stringify(body)),
  };
}

/** A visitor of the web service in this process. */
export function visitor({ deps, web }: WebFixture, language = 'en'): Visitor {
  return createVisitor({
    origin: () => deps.url,
    fetch: async (request) => web.fetch(request, '192.0.2.1'),
    language,
  });
}

/** A visitor of the running program, over HTTP. */
export function siteVisitor(site: Site): Visitor {
  const origin = () => `http://${site.hostname ?? '127.0.0.1'}:${site.port}`;
  return createVisitor({ origin, fetch: (request) => fetch(request) });
}

/** The address to which a response redirects; throws when it does not redirect. */
export async function redirectTarget(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  const address = response.headers.get('Location');
  if (response.status === 303 && address !== null) return address;
  throw new Error(
    `${response.url} answered ${response.status} without a redirect:\n${await response.text()}`,
  );
}

/** Opens a free game as a visitor would; returns the path of its lobby. */
export function freeTeam(fixture: WebFixture): Promise<string> {
  return redirectTarget(visitor(fixture).post('/games/sample-hour/free'));
}
