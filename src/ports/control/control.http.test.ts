/** Control over HTTP, between real servers on this machine. */
import { createHmac } from 'node:crypto';
import { afterEach, expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../../test/support/in-process/world.simulated.ts';
import { realWorld } from '../../lib/world.real.ts';
import type { World } from '../../lib/world.ts';
import { controlContract } from './control.contract.ts';
import { CONTROL_MS_MAX, CONTROL_SKEW_MS, controlEndpoint, httpControl } from './control.http.ts';
import type { Command, ControlTarget } from './control.ts';

const KEY = new Uint8Array(32).fill(7);
const servers: Bun.Server<undefined>[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(true);
});

function listen(fetch: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

controlContract('http', async () => {
  const addresses = new Map<string, string>();
  const world = realWorld;
  return {
    control: httpControl({ world, key: KEY, addressOf: (slot) => addresses.get(slot) ?? null }),
    async serve(slot, target) {
      const endpoint = controlEndpoint({ world, key: KEY, slot, target });
      const server = Bun.serve({
        port: 0,
        hostname: '127.0.0.1',
        fetch: async (request) => (await endpoint(request)) ?? new Response(null, { status: 404 }),
      });
      addresses.set(slot, `http://127.0.0.1:${server.port}`);
      // The address stays in the table, as it does right after a process has ended.
      return () => server.stop(true);
    },
    close: async () => {},
  };
});

interface Owner {
  readonly endpoint: (request: Request) => Promise<Response> | null;
  readonly commands: Command[];
}

function ownerOf(slot: string, world: World): Owner {
  const commands: Command[] = [];
  const target: ControlTarget = {
    handle: (command) => (commands.push(command), 'delivered'),
    roomStatus: () => null,
  };
  return { commands, endpoint: controlEndpoint({ world, key: KEY, slot, target }) };
}

/** A request as `httpControl` sends it, recorded before it reaches an owner. */
async function recorded(key = KEY, world: World = realWorld): Promise<{ body: string; signature: string }> {
  const { promise, resolve } = Promise.withResolvers<{ body: string; signature: string }>();
  const address = listen(async (request) => {
    resolve({
      body: await request.text(),
      signature: request.headers.get('escapement-signature') ?? '',
    });
    return new Response(null, { status: 500 });
  });
  const control = httpControl({ world, key, addressOf: () => address });
  expect(await control.send('h1', { kind: 'notice', room: 'r1', text: 'hello' })).toBe('unreachable');
  return promise;
}

async function deliver(
  { endpoint }: Owner,
  { body, signature }: { readonly body: string; readonly signature: string },
  slot = 'h1',
): Promise<number | undefined> {
  const headers = { 'escapement-signature': signature };
  const request = new Request(`http://127.0.0.1/control/${slot}`, { method: 'POST', body, headers });
  return (await endpoint(request))?.status;
}

test('a signed request has an effect once: a replay is refused', async () => {
  const owner = ownerOf('h1', realWorld);
  const request = await recorded();
  expect(await deliver(owner, request)).toBe(200);
  expect(await deliver(owner, request)).toBe(409);
  expect(owner.commands).toHaveLength(1);
});

test('a signature under another key, a changed body and a missing signature are refused', async () => {
  const owner = ownerOf('h1', realWorld);
  const { body, signature } = await recorded();
  expect(await deliver(owner, await recorded(new Uint8Array(32).fill(8)))).toBe(401);
  expect(await deliver(owner, { body: body.replace('hello', 'hullo'), signature })).toBe(401);
  expect(await deliver(owner, { body, signature: '' })).toBe(401);
  expect(await deliver(owner, { body, signature: signature.slice(2) })).toBe(401);
  expect(owner.commands).toEqual([]);
});

test('a request for another slot is refused, at either address', async () => {
  const owner = ownerOf('h2', realWorld);
  expect(await deliver(owner, await recorded(), 'h2')).toBe(401);
  expect(await deliver(owner, await recorded(), 'h1')).toBe(401);
});

test('a request is valid for half a minute, whichever of the two clocks is ahead', async () => {
  const world = createSimulatedWorld(1);
  const owner = ownerOf('h1', world);
  const stale = await recorded(KEY, { ...realWorld, clock: world.clock });
  world.jump(CONTROL_SKEW_MS + 1);
  expect(await deliver(owner, stale)).toBe(401);
  const early = await recorded(KEY, { ...realWorld, clock: world.clock });
  world.jump(-CONTROL_SKEW_MS - 1);
  expect(await deliver(owner, early)).toBe(401);
  world.jump(1);
  expect(await deliver(owner, early)).toBe(200);
});

test('a signed request that is invalid is refused, and so is every method other than POST', async () => {
  const owner = ownerOf('h1', realWorld);
  const body = '{"slot":"h1","at":0,"call":"anything"}';
  const signature = createHmac('sha256', KEY).update(body).digest('hex');
  expect(await deliver(owner, { body, signature })).toBe(400);
  expect((await owner.endpoint(new Request('http://127.0.0.1/control/h1')))?.status).toBe(405);
  expect(owner.endpoint(new Request('http://127.0.0.1/ready'))).toBeNull();
});

test('an owner that does not respond counts as unreachable after a bounded time', async () => {
  const world = createSimulatedWorld(2);
  const received = Promise.withResolvers<void>();
  const address = listen(() => {
    received.resolve();
    return new Promise<Response>(() => {});
  });
  const control = httpControl({ world, key: KEY, addressOf: () => address });
  const outcome = control.send('h1', { kind: 'seats', room: 'r1' });
  await received.promise;
  await world.advance(CONTROL_MS_MAX);
  expect(await outcome).toBe('unreachable');
});

test('an invalid response counts as unreachable', async () => {
  for (const response of ['', '{}', '{"outcome":"perhaps"}', '<html>']) {
    const address = listen(() => new Response(response));
    const control = httpControl({ world: realWorld, key: KEY, addressOf: () => address });
    expect(await control.send('h1', { kind: 'seats', room: 'r1' })).toBe('unreachable');
    expect(await control.roomStatus('h1', 'r1')).toBeNull();
  }
});
