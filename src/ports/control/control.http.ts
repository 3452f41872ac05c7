/**
 * Control between processes: an HTTP POST to the private address of the process that serves the
 * slot. Both ends stand here: `httpControl` asks, `controlEndpoint` answers.
 *
 * Every request is signed with HMAC-SHA256 over its whole body, and the body names the slot and the
 * time, so that nothing can be sent by a stranger, later, again, or to another slot.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { World } from '../../lib/world.ts';
import type { Control, ControlTarget, RoomWatch, TellOutcome } from './control.ts';

/** An owner that has not answered by then counts as unreachable: players wait for some of these answers. */
export const CONTROL_MS_MAX = 2_000;
/** How far the clocks of two hosts may be apart. */
export const CONTROL_SKEW_MS = 30_000;
const BODY_BYTES_MAX = 64 * 1024;
/** Requests remembered so that none counts twice; more within the skew are refused. */
const REMEMBERED_MAX = 20_000;
const NONCE_BYTES = 12;
const PATH = /^\/control\/(h[0-9]{1,3})$/;
const SIGNATURE = 'escapement-signature';

const roomId = z.string().min(1).max(64);
const commandSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('generation'), room: roomId, generation: z.int().min(0) }),
  z.strictObject({ kind: z.literal('seats'), room: roomId }),
  z.strictObject({ kind: z.literal('notice'), room: roomId, text: z.string() }),
]);
const requestSchema = z.strictObject({
  slot: z.string(),
  /** Wall clock ms. */
  at: z.int(),
  /** Makes two requests of one moment different. */
  nonce: z.string(),
  ask: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('tell'), command: commandSchema }),
    z.strictObject({ kind: z.literal('watch'), room: roomId }),
  ]),
});
type Ask = z.infer<typeof requestSchema>['ask'];

const toldSchema = z.strictObject({ told: z.enum(['told', 'not-loaded', 'unreachable']) });
const watchSchema = z.strictObject({
  watch: z
    .strictObject({
      room: roomId,
      epoch: z.int(),
      seq: z.int(),
      sockets: z.int(),
      onlineSeats: z.array(z.int()),
      hold: z.boolean(),
    })
    .nullable(),
});

export interface HttpControlOptions {
  readonly world: World;
  /** 32 bytes, the same on both ends. */
  readonly key: Uint8Array;
  /** Where the slot's process listens (`http://127.0.0.1:8081`); null = nobody serves the slot. */
  readonly addressOf: (slot: string) => string | null;
}

export function httpControl(options: HttpControlOptions): Control {
  return {
    async tell(slot, command): Promise<TellOutcome> {
      const answer = toldSchema.safeParse(await ask(options, slot, { kind: 'tell', command }));
      return answer.success ? answer.data.told : 'unreachable';
    },
    async watch(slot, room): Promise<RoomWatch | null> {
      const answer = watchSchema.safeParse(await ask(options, slot, { kind: 'watch', room }));
      return answer.success ? answer.data.watch : null;
    },
  };
}

/** The answer's JSON; undefined when there was none in time. */
async function ask({ world, key, addressOf }: HttpControlOptions, slot: string, what: Ask): Promise<unknown> {
  const address = addressOf(slot);
  if (address === null) return undefined;
  const nonce = Buffer.from(world.random.bytes(NONCE_BYTES)).toString('base64url');
  const body = JSON.stringify({ slot, at: world.clock.now(), nonce, ask: what });
  const bound = new AbortController();
  const cancel = world.timers.after(CONTROL_MS_MAX, () => bound.abort());
  try {
    const response = await fetch(`${address}/control/${slot}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [SIGNATURE]: sign(body, key).toString('hex') },
      body,
      signal: bound.signal,
      redirect: 'error',
    });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  } finally {
    cancel();
  }
}

export interface ControlEndpointOptions {
  readonly world: World;
  readonly key: Uint8Array;
  readonly slot: string;
  readonly target: ControlTarget;
}

/** Answers requests to `/control/<slot>`; null for every other path. */
export type ControlEndpoint = (request: Request) => Promise<Response> | null;

export function controlEndpoint(options: ControlEndpointOptions): ControlEndpoint {
  const seen = new Map<string, number>();
  return (request) => (PATH.test(new URL(request.url).pathname) ? respond(request, options, seen) : null);
}

async function respond(
  request: Request,
  { world, key, slot, target }: ControlEndpointOptions,
  seen: Map<string, number>,
): Promise<Response> {
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } });
  if (Number(request.headers.get('content-length') ?? 0) > BODY_BYTES_MAX) return refused(413);
  const body = await request.text();
  const signature = request.headers.get(SIGNATURE) ?? '';
  if (!isSigned(body, signature, key)) return refused(401);
  const parsed = requestSchema.safeParse(parseJson(body));
  // Signed and yet not understood: another version of the program.
  if (!parsed.success) return refused(400);
  const { slot: meant, at, ask: what } = parsed.data;
  const now = world.clock.now();
  if (meant !== slot || Math.abs(now - at) > CONTROL_SKEW_MS) return refused(401);
  if (!remember(seen, signature, now)) return refused(409);
  if (what.kind === 'watch') return Response.json({ watch: target.watch(what.room) });
  return Response.json({ told: target.tell(what.command) });
}

/** False when the request was here before, or too many to remember were. */
function remember(seen: Map<string, number>, signature: string, now: number): boolean {
  for (const [old, until] of seen) {
    if (until > now) break;
    seen.delete(old);
  }
  if (seen.has(signature) || seen.size >= REMEMBERED_MAX) return false;
  // Its time may lie as far ahead as behind: it stays refusable for both.
  seen.set(signature, now + 2 * CONTROL_SKEW_MS);
  return true;
}

function refused(status: number): Response {
  return new Response(null, { status });
}

function sign(body: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(body).digest();
}

function isSigned(body: string, signature: string, key: Uint8Array): boolean {
  const given = Buffer.from(signature, 'hex');
  const expected = sign(body, key);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
