/** Health of the parts of a process, and the responses to the health probes of a load balancer. */

/** Name of a part → its check: null if healthy, else a sentence about the fault. */
export interface HealthChecks {
  [name: string]: () => string | null;
}

/** Results of checks by name of the part: null if healthy. */
export interface HealthFaults {
  readonly [name: string]: string | null;
}

export function runChecks(checks: HealthChecks): HealthFaults {
  return Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, check()]));
}

/** The body of `GET /health`: a process that responds is alive, whatever faults its parts have. */
export const ALIVE = { ok: true };

/** The response to `GET /ready`: 200 if no part has a fault, else 503; the body names the faults. */
export function readiness(faults: HealthFaults) {
  const found = Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== null));
  const ready = Object.keys(found).length === 0;
  return { status: ready ? 200 : 503, body: { ready, faults: found } } as const;
}

/** The response of a process that serves no pages (yet): health probes, else 404, or 503 while it has faults. */
export function healthResponse(url: string, faults: HealthFaults): Response {
  const { pathname } = new URL(url);
  if (pathname === '/health') return Response.json(ALIVE);
  const { status, body } = readiness(faults);
  if (pathname === '/ready') return Response.json(body, { status });
  return new Response('Not here.', { status: body.ready ? 404 : 503, headers: { 'Retry-After': '2' } });
}
