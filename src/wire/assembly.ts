/** What the parts of the wiring share: settings, keys, the port, and what each part adds for the others. */
import type { Settings } from '../config.ts';
import { type HealthChecks, healthResponse } from '../domain/health.ts';
import { newId } from '../domain/id.ts';
import type { StopPart } from '../hosts/stop-all.ts';
import type { Log } from '../lib/log.ts';
import { standardErrorLog } from '../lib/log.real.ts';
import { realWorld } from '../lib/world.real.ts';
import type { UpgradeRequest, UpgradeResponse } from '../ports/frontend/frontend.ts';
import type { Keyring } from '../ports/keyring/keyring.ts';

export interface Assembly extends AssemblyEvents {
  readonly settings: Settings;
  readonly keys: Keyring;
  readonly log: Log;
  /** Address that all links begin with, and address of this process. Both are empty until the port is open. */
  url: string;
  listen: string;
  readonly bootId: string;
  readonly front: Front;
  /** Stop what was started, in the order of starting. */
  readonly stops: StopPart[];
  /** Kill the processes that this one started. */
  readonly kills: (() => void)[];
  /** The rooms of this process; null until they are served. */
  rooms: { counts(): { readonly rooms: number; readonly sockets: number } } | null;
  /** While one of these reports a fault, `/ready` is 503, so that a load balancer sends no new visitors. */
  readonly ready: HealthChecks;
  /** Faults that only the operator sees: visitors are still served. */
  readonly health: HealthChecks;
}

/** What the port does with requests and upgrades; parts set these when they can serve. */
export interface Front {
  fetch: (request: Request, address: string) => Response | Promise<Response>;
  onUpgrade: (request: UpgradeRequest) => UpgradeResponse;
  /** Requests from other processes of the installation; null = not one of these. */
  control: (request: Request, address: string) => Promise<Response> | null;
}

export interface AssemblyEvents {
  /** An engine failed and its state is unknown: the process must stop and recover at its next start. */
  readonly fail: (error: Error) => void;
  /** Called at intervals while a slow start is making progress. */
  readonly onProgress: () => void;
}

/** Nothing is open yet; until parts set `front`, the response to every request is that the services are starting. */
export function assemble(settings: Settings, keys: Keyring, events: AssemblyEvents): Assembly {
  return {
    settings,
    keys,
    // Game processes share the standard error of the main process: their lines contain the slot.
    log: standardErrorLog(realWorld.clock, settings.supervised ? { slot: settings.slot } : {}),
    url: '',
    listen: '',
    bootId: newId(realWorld.random),
    front: {
      fetch: ({ url }) => healthResponse(url, { start: 'The services are starting.' }),
      onUpgrade: () => ({ accept: false, status: 503, retryAfter: 2 }),
      control: () => null,
    },
    ...events,
    stops: [],
    kills: [],
    rooms: null,
    ready: {},
    health: {},
  };
}
