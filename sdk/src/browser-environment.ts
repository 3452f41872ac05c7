/** The environment of a session in a real browser. Only this file and browser-outbox.ts use browser APIs. */
import { openBrowserOutbox, memoryOutbox } from './browser-outbox.ts';
import type { Environment, OutboxStore, SessionSocketEvents } from './session-api.ts';

export type Feature = 'WebSocket' | 'DecompressionStream' | 'crypto';

/** The features that a session needs and this browser does not have. */
export function missingFeatures(): Feature[] {
  const missing: Feature[] = [];
  if (typeof WebSocket === 'undefined') missing.push('WebSocket');
  if (typeof crypto === 'undefined') missing.push('crypto');
  try {
    // Throws in browsers that support only the zlib format.
    void new DecompressionStream('deflate-raw');
  } catch {
    missing.push('DecompressionStream');
  }
  return missing;
}

/** Calls `report` if unsent moves cannot survive a reload in this browser. */
export function browserEnvironment(
  room: string,
  report: (kind: string, detail: string) => void,
): Environment {
  return {
    now: () => performance.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    connect,
    inflate,
    outbox: chooseOutbox(room, report),
    onWake,
  };
}

export function connect(url: string, events: SessionSocketEvents): ReturnType<Environment['connect']> {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => events.onOpen();
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) events.onMessage(new Uint8Array(data));
  };
  socket.onclose = ({ code, reason }) => events.onClose(code, reason);
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
    close() {
      // Over a dead network the closing handshake never completes, so it is not awaited.
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
}

export async function inflate(deflated: Uint8Array): Promise<Uint8Array> {
  const { body } = new Response(deflated as Uint8Array<ArrayBuffer>);
  const inflated = new Response(body?.pipeThrough(new DecompressionStream('deflate-raw')));
  return new Uint8Array(await inflated.arrayBuffer());
}

function chooseOutbox(room: string, report: (kind: string, detail: string) => void): OutboxStore {
  try {
    if (!navigator.locks) report('storage', 'no Web Locks: unsent moves do not survive a reload');
    return openBrowserOutbox(room);
  } catch (error) {
    report('storage', `no IndexedDB: ${String(error)}`);
    return memoryOutbox;
  }
}

function onWake(listener: (why: 'online' | 'offline' | 'visible') => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const visible = (): void => {
    if (document.visibilityState === 'visible') listener('visible');
  };
  for (const why of ['online', 'offline'] as const) addEventListener(why, () => listener(why), { signal });
  addEventListener('pageshow', visible, { signal });
  document.addEventListener('visibilitychange', visible, { signal });
  // After the browser froze the page. Chromium only; in others the liveness monitor detects it.
  document.addEventListener('resume', visible, { signal });
  return () => stop.abort();
}
