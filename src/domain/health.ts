/** How the parts of a process are, and what it says of them to a balancer. */

/** Name → a look at the part: null if well, else a sentence. */
export interface HealthChecks {
  [name: string]: () => string | null;
}

export function runChecks(looks: HealthChecks): { [name: string]: string | null } {
  return Object.fromEntries(Object.entries(looks).map(([name, look]) => [name, look()]));
}

/** Where there are no pages (yet, or in this process), there is still an answer for balancers. */
export function healthResponse(url: string, faults: { readonly [name: string]: string | null }): Response {
  const { pathname } = new URL(url);
  if (pathname === '/health') return Response.json({ ok: true });
  const named = Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== null));
  const ready = Object.keys(named).length === 0;
  if (pathname === '/ready') return Response.json({ ready, faults: named }, { status: ready ? 200 : 503 });
  return new Response('Not here.', { status: ready ? 404 : 503, headers: { 'Retry-After': '2' } });
}
