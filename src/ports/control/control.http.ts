/**
 * Control between processes: an HTTP POST to the private address of the process that serves the
 * slot. `httpControl` is the client, `controlEndpoint` the server.
 *
 * Every request is signed with HMAC-SHA256 over its whole body, which contains slot, time and a nonce: without the
 * key no request can be made, and a recorded one is refused when it is repeated, late, or sent to another slot.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import type { World } from '../../lib/world.ts';
import type { Control, ControlTarget, RoomStatus, CommandOutcome } from './control.ts';

/** A slot that has not responded by then counts as unreachable: players wait for some of these responses. */
export const CONTROL_MS_MAX = 2_000;
/** The largest accepted difference between the clocks of two hosts. */
export const CONTROL_SKEW_MS = 30_000;
const BODY_BYTES_MAX = 64 * 1024;
/** Signatures kept to detect replays; when it is full, further requests are refused. */
const SEEN_MAX = 20_000;
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
  /** Makes two equal requests within one millisecond different. */
  nonce: z.string(),
  call: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('send'), command: commandSchema }),
    z.strictObject({ kind: z.literal('room-status'), room: roomId }),
  ]),
});
type Call = z.infer<typeof requestSchema>['call'];

const outcomeSchema = z.strictObject({ outcome: z.enum(['delivered', 'not-loaded', 'unreachable']) });
const statusSchema = z.strictObject({
  status: z
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
  /** Where the slot's process listens (`http://127.0.0.1:8081`); null = no process serves the slot. */
  readonly addressOf: (slot: string) => string | null;
}

export function httpControl(options: HttpControlOptions): Control {
  return {
    async send(slot, command): Promise<CommandOutcome> {
      const response = outcomeSchema.safeParse(await post(options, slot, { kind: 'send', command }));
      return response.success ? response.data.outcome : 'unreachable';
    },
    async roomStatus(slot, room): Promise<RoomStatus | null> {
      const response = statusSchema.safeParse(await post(options, slot, { kind: 'room-status', room }));
      return response.success ? response.data.status : null;
    },
  };
}

/** Returns the response's JSON; undefined for every failure: no address, time-out, error status, invalid JSON. */
async function post(
  { world, key, addressOf }: HttpControlOptions,
  slot: string,
  call: Call,
): Promise<unknown> {
  const address = addressOf(slot);
  if (address === null) return undefined;
  const nonce = Buffer.from(world.random.bytes(NONCE_BYTES)).toString('base64url');
  const body = JSON.stringify({ slot, at: world.clock.now(), nonce, call });
  const timeout = new AbortController();
  const cancel = world.timers.after(CONTROL_MS_MAX, () => timeout.abort());
  try {
    const response = await fetch(`${address}/control/${slot}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [SIGNATURE]: sign(body, key).toString('hex') },
      body,
      signal: timeout.signal,
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

/** Responds to requests to `/control/<slot>`; null for every other path. */
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
  // Signed but invalid: sent by another version of the program.
  if (!parsed.success) return refused(400);
  const { slot: addressed, at, call } = parsed.data;
  const now = world.clock.now();
  if (addressed !== slot || Math.abs(now - at) > CONTROL_SKEW_MS) return refused(401);
  if (!recordSignature(seen, signature, now)) return refused(409);
  if (call.kind === 'room-status') return Response.json({ status: target.roomStatus(call.room) });
  return Response.json({ outcome: target.handle(call.command) });
}

/** False when the signature was seen before, or SEEN_MAX signatures are recorded. */
function recordSignature(seen: Map<string, number>, signature: string, now: number): boolean {
  for (const [old, until] of seen) {
    if (until > now) break;
    seen.delete(old);
  }
  if (seen.has(signature) || seen.size >= SEEN_MAX) return false;
  // The sender's clock may be CONTROL_SKEW_MS ahead: the request stays valid for twice that time.
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
