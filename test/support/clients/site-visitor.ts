/** A browser without script before the running program: keeps its cookies, sends forms as our pages do. */

/** Where the program listens; `port` may change when it is started again. */
export interface Site {
  port: number;
  /** Other than the loopback's. */
  readonly hostname?: string;
}

export interface SiteVisitor {
  /** What it has been given so far, as a `Cookie` header. */
  cookie(): string;
  get(path: string): Promise<Response>;
  post(path: string, form?: { readonly [field: string]: string }): Promise<Response>;
  json(path: string, body: unknown): Promise<Response>;
}

/** Redirects are not followed. `path` may be a whole address of the site, too. */
export function siteVisitor(site: Site): SiteVisitor {
  const cookies = new Map<string, string>();
  const cookie = (): string => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const origin = `http://${site.hostname ?? '127.0.0.1'}:${site.port}`;
    const headers = new Headers(init.headers);
    headers.set('Accept-Language', 'en');
    headers.set('Origin', origin);
    headers.set('Cookie', cookie());
    const response = await fetch(new URL(path, origin), { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    return response;
  };
  return {
    cookie,
    get: (path) => ask(path, {}),
    post: (path, form = {}) => ask(path, { method: 'POST', body: new URLSearchParams(form) }),
    json: (path, body) =>
      ask(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

/** Where an answer leads; throws when it leads nowhere. */
export async function leadsTo(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  const address = response.headers.get('Location');
  if (response.status === 303 && address !== null) return address;
  throw new Error(`${response.url} answered ${response.status} and leads nowhere:\n${await response.text()}`);
}
