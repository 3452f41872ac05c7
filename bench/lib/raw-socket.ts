/**
 * A WebSocket client that costs next to nothing, so that one core can play 10,000 players: raw TCP,
 * one parse of the frame header, no copy. It speaks only what a benchmark needs: binary frames of
 * up to 64 KB from the server, none fragmented. The mask is all zeros, which is a valid mask and
 * leaves the bytes as they are.
 */
import type { Socket } from 'bun';

export interface RawSocket {
  /** Sends one binary frame. */
  send(payload: Uint8Array): void;
  close(): void;
}

export interface RawEvents {
  opened(socket: RawSocket): void;
  /** A binary frame's payload; valid during the call. */
  message(payload: Uint8Array): void;
  closed(why: string): void;
}

interface State {
  readonly events: RawEvents;
  readonly hello: string;
  upgraded: boolean;
  /** Bytes of a frame that has not come whole yet. */
  rest: Uint8Array | null;
  unsent: Uint8Array | null;
  api: RawSocket;
}

const EMPTY = new Uint8Array(0);

export async function openRaw(port: number, path: string, events: RawEvents): Promise<void> {
  const hello =
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
  await Bun.connect<State>({
    hostname: '127.0.0.1',
    port,
    data: { events, hello, upgraded: false, rest: null, unsent: null, api: { send() {}, close() {} } },
    socket: handlers,
  });
}

const handlers = {
  open(socket: Socket<State>) {
    socket.data.api = { send: (payload) => write(socket, frame(payload)), close: () => socket.end() };
    socket.write(socket.data.hello);
  },
  data(socket: Socket<State>, bytes: Uint8Array) {
    const state = socket.data;
    let input = bytes;
    if (state.rest !== null) {
      input = new Uint8Array(state.rest.length + bytes.length);
      input.set(state.rest);
      input.set(bytes, state.rest.length);
      state.rest = null;
    }
    const left = state.upgraded ? input : upgrade(socket, input);
    const used = frames(state, left);
    if (used < left.length) state.rest = left.slice(used);
  },
  drain(socket: Socket<State>) {
    const { unsent } = socket.data;
    socket.data.unsent = null;
    if (unsent) write(socket, unsent);
  },
  close(socket: Socket<State>) {
    socket.data.events.closed('closed');
  },
  error(socket: Socket<State>, error: Error) {
    socket.data.events.closed(error.message);
  },
  connectError(socket: Socket<State>, error: Error) {
    socket.data.events.closed(error.message);
  },
};

function upgrade(socket: Socket<State>, input: Uint8Array): Uint8Array {
  const text = Buffer.from(input.buffer, input.byteOffset, Math.min(input.length, 2_048)).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return input;
  if (!text.startsWith('HTTP/1.1 101')) {
    socket.data.events.closed(text.slice(0, text.indexOf('\r\n')));
    socket.end();
    return EMPTY;
  }
  socket.data.upgraded = true;
  socket.data.events.opened(socket.data.api);
  return input.subarray(end + 4);
}

/** Hands over every whole frame; answers how many bytes they took. */
function frames(state: State, input: Uint8Array): number {
  if (!state.upgraded) return 0;
  let at = 0;
  while (at + 2 <= input.length) {
    const opcode = (input[at] as number) & 0x0f;
    let length = input[at + 1] as number;
    let head = 2;
    if (length === 126) {
      if (at + 4 > input.length) break;
      length = ((input[at + 2] as number) << 8) | (input[at + 3] as number);
      head = 4;
    } else if (length === 127) {
      throw new Error('a frame over 64 KB');
    }
    if (at + head + length > input.length) break;
    if (opcode === 2) state.events.message(input.subarray(at + head, at + head + length));
    at += head + length;
  }
  return at;
}

function frame(payload: Uint8Array): Uint8Array {
  const extended = payload.length > 125;
  const head = extended ? 8 : 6;
  const out = new Uint8Array(head + payload.length);
  out[0] = 0x82;
  if (extended) {
    out[1] = 0x80 | 126;
    out[2] = payload.length >> 8;
    out[3] = payload.length & 255;
  } else out[1] = 0x80 | payload.length;
  out.set(payload, head);
  return out;
}

function write(socket: Socket<State>, bytes: Uint8Array): void {
  const state = socket.data;
  if (state.unsent) {
    state.unsent = Buffer.concat([state.unsent, bytes]);
    return;
  }
  const written = socket.write(bytes);
  if (written >= 0 && written < bytes.length) state.unsent = bytes.slice(written);
}
