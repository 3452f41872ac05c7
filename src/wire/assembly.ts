/** What is being put together: settings and keys, the port, and what every part adds to them. */
import { FRAME_BYTES_HARD } from '../../sdk/protocol/limits.ts';
import type { Settings } from '../config.ts';
import { newId } from '../domain/id.ts';
import type { Keyring } from '../ports/keyring/keyring.ts';
import { lanAddress } from '../lib/lan.real.ts';
import type { Log } from '../lib/log.ts';
import { standardErrorLog } from '../lib/log.real.ts';
import { type HealthChecks, healthResponse } from '../domain/health.ts';
import { realWorld } from '../lib/world.real.ts';
import type { StopMode } from '../running.ts';
import { bunFrontend } from '../ports/frontend/frontend.bun.ts';
import type { Frontend, FrontendOptions, SocketAnswer, SocketOffer } from '../ports/frontend/frontend.ts';

/** How long open requests and sockets get when the port closes. */
const FRONTEND_GRACE_MS = 2_000;
/**
 * A game process whose main process died closes its port last, after its players have left; the one
 * that follows it waits as long as for its journal.
 */
const PORT_WAIT_MS = 10_000;
const PORT_LOOK_MS = 100;

export interface Assembly {
  readonly settings: Settings;
  readonly keys: Keyring;
  readonly log: Log;
  /** What every link is built from; both are empty until the port is open. */
  url: string;
  listen: string;
  readonly bootId: string;
  readonly front: Front;
  /** Ends the process: an engine failed and nobody knows what it holds. */
  readonly fail: (error: Error) => void;
  /** The start takes long, and gets on. */
  readonly onProgress: () => void;
  /** Calls that stop what was started, in the order of starting. */
  readonly stops: ((how: StopMode) => Promise<void>)[];
  /** Calls that end at once what runs outside of this process. */
  readonly abandons: (() => void)[];
  /** The rooms of this process; none until they are served. */
  rooms: { counts(): { readonly rooms: number; readonly sockets: number } } | null;
  /** What keeps visitors away, and what only the operator has to know. */
  readonly ready: HealthChecks;
  readonly health: HealthChecks;
}

/** What the port answers with; services put themselves in as they come up. */
export interface Front {
  fetch: (request: Request, address: string) => Response | Promise<Response>;
  sockets: (offer: SocketOffer) => SocketAnswer;
  /** What other processes of the installation ask; null = something else was asked. */
  control: (request: Request, address: string) => Promise<Response> | null;
}

export interface AssemblyEvents {
  readonly fail: (error: Error) => void;
  readonly onProgress: () => void;
}

/** Nothing is open yet; until services put themselves in, visitors are told that they are starting. */
export function assemble(settings: Settings, keys: Keyring, calls: AssemblyEvents): Assembly {
  return {
    settings,
    keys,
    // Game processes share one standard error: their lines say whose they are.
    log: standardErrorLog(realWorld.clock, settings.supervised ? { slot: settings.slot } : {}),
    url: '',
    listen: '',
    bootId: newId(realWorld.random),
    front: {
      fetch: ({ url }) => healthResponse(url, { start: 'The services are starting.' }),
      sockets: () => ({ accept: false, status: 503, retryAfter: 2 }),
      control: () => null,
    },
    ...calls,
    stops: [],
    abandons: [],
    rooms: null,
    ready: {},
    health: {},
  };
}

/** Opens the port, which is closed last whenever it was opened. Throws EADDRINUSE if somebody else has it. */
export async function listen(assembly: Assembly): Promise<void> {
  const { settings, front, log } = assembly;
  const options: FrontendOptions = {
    hostname: settings.lan ? '0.0.0.0' : '127.0.0.1',
    port: settings.port,
    trustedProxies: settings.trustProxy,
    fetch: (request, address) => front.fetch(request, address),
    sockets: (offer) => front.sockets(offer),
    frameBytesMax: FRAME_BYTES_HARD,
    failed: (error) => log.error('request', { error: String(error) }),
  };
  const frontend = await onPort(options, settings.supervised ? PORT_WAIT_MS : 0);
  assembly.stops.unshift((how) => frontend.stop(how === 'graceful' ? FRONTEND_GRACE_MS : 0));
  assembly.listen = `http://${(settings.lan ? lanAddress() : null) ?? '127.0.0.1'}:${frontend.port}`;
  assembly.url = (settings.url || assembly.listen).replace(/\/+$/, '');
}

async function onPort(options: FrontendOptions, waitMs: number): Promise<Frontend> {
  const { clock, timers } = realWorld;
  const until = clock.mono() + waitMs;
  for (;;) {
    try {
      return bunFrontend(options, timers);
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || clock.mono() >= until) throw error;
    }
    await new Promise<void>((resolve) => timers.after(PORT_LOOK_MS, resolve));
  }
}
