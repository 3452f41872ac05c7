/** The public port: Bun's server. */
import { FRAME_BYTES_HARD } from '../../sdk/protocol/limits.ts';
import { openWhenFree } from '../hosts/port-wait.ts';
import { lanAddress } from '../lib/lan.real.ts';
import { realWorld } from '../lib/world.real.ts';
import { bunFrontend } from '../ports/frontend/frontend.bun.ts';
import type { FrontendOptions } from '../ports/frontend/frontend.ts';
import type { Assembly } from './assembly.ts';

/** Time for open requests and sockets to end when the port closes. */
const FRONTEND_GRACE_MS = 2_000;
/** How long a game process waits for the port of the process before it. */
const PORT_WAIT_MS = 10_000;

/** Opens the port. It is closed after all other parts have stopped. Throws EADDRINUSE if the port is in use. */
export async function openFrontend(assembly: Assembly): Promise<void> {
  const { settings, front, log } = assembly;
  const options: FrontendOptions = {
    hostname: settings.lan ? '0.0.0.0' : '127.0.0.1',
    port: settings.port,
    trustedProxies: settings.trustProxy,
    fetch: (request, address) => front.fetch(request, address),
    onUpgrade: (request) => front.onUpgrade(request),
    frameBytesMax: FRAME_BYTES_HARD,
    onError: (error) => log.error('request', { error: String(error) }),
  };
  const waitMs = settings.supervised ? PORT_WAIT_MS : 0;
  const frontend = await openWhenFree(() => bunFrontend(options, realWorld.timers), waitMs, realWorld);
  assembly.stops.unshift((mode) => frontend.stop(mode === 'graceful' ? FRONTEND_GRACE_MS : 0));
  assembly.listen = `http://${(settings.lan ? lanAddress() : null) ?? '127.0.0.1'}:${frontend.port}`;
  assembly.url = (settings.url || assembly.listen).replace(/\/+$/, '');
}
