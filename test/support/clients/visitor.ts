/** A browser without script: keeps its cookies, sends forms as our own pages would. */
import type { WebFixture } from '../in-process/web-fixture.ts';

export interface Visitor {
  get(path: string): Promise<Response>;
  post(path: string, form?: Record<string, string>): Promise<Response>;
  json(path: string, body: unknown): Promise<Response>;
}

export function visitor(fixture: WebFixture, language = 'en'): Visitor {
  const cookies = new Map<string, string>();
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('Accept-Language', language);
    if (cookies.size > 0)
      headers.set('Cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const request = new Request(fixture.deps.url + path, { ...init, headers });
    const response = await fixture.web.fetch(request, '192.0.2.1');
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    return response;
  };
  const send = (path: string, type: string, body: string) =>
    ask(path, { method: 'POST', headers: { 'Content-Type': type, Origin: fixture.deps.url }, body });
  return {
    get: (path) => ask(path, {}),
    post: (path, form = {}) =>
      send(path, 'application/x-www-form-urlencoded', new URLSearchParams(form).toString()),
    json: (path, body) => send(path, 'application/json', JSON.stringify(body)),
  };
}

/** Opens a free game as a visitor would; answers the path of its lobby. */
export async function freeTeam(fixture: WebFixture): Promise<string> {
  const response = await visitor(fixture).post('/games/sample-hour/free');
  const path = response.headers.get('Location');
  if (response.status !== 303 || path === null) throw new Error(`no free game: ${response.status}`);
  return path;
}
