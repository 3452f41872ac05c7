/**
 * The durable baseline: the smallest relay on Bun that sends a message only after it is on the disk. Messages
 * that arrive during a write go into the next one. One write at a time, to a file opened with O_DSYNC, at
 * least 2 ms apart. Messages are not numbered, checked or read again, and the file is overwritten from its
 * beginning when it is full. Rooms are paths: `/r/<room>`. Argument: the file.
 */
import { constants, openSync, write, writeSync } from 'node:fs';

const FILE_BYTES = 64 * 2 ** 20;
const ZEROS = new Uint8Array(2 ** 20);
const BETWEEN_MS = 2;
/** Room number and message length, 4 bytes each. */
const HEAD_BYTES = 8;

type Socket = Bun.ServerWebSocket<{ readonly room: Room }>;
interface Room {
  readonly number: number;
  readonly members: Set<Socket>;
}

// Filled once, so that later writes do not change metadata, which O_DSYNC would have to sync, too.
const file = openSync(process.argv[2] ?? '', constants.O_CREAT | constants.O_RDWR | constants.O_DSYNC);
for (let at = 0; at < FILE_BYTES; at += ZEROS.length) writeSync(file, ZEROS, 0, ZEROS.length, at);

const rooms = new Map<string, Room>();
let waiting: { readonly room: Room; readonly message: Buffer }[] = [];
let timer: Timer | null = null;
let writing = false;
let beganMs = 0;
let end = 0;

/** Writes what is waiting: now, or after the current write, or when 2 ms have passed since it began. */
function commit(): void {
  if (writing || waiting.length === 0) return;
  const early = beganMs + BETWEEN_MS - performance.now();
  if (early > 0) {
    timer ??= setTimeout(() => {
      timer = null;
      commit();
    }, early);
    return;
  }
  const batch = waiting;
  waiting = [];
  const bytes = Buffer.concat(batch.flatMap(({ room, message }) => [headOf(room, message), message]));
  if (end + bytes.length > FILE_BYTES) end = 0;
  writing = true;
  beganMs = performance.now();
  write(file, bytes, 0, bytes.length, end, (error, written) => {
    if (error || written !== bytes.length) throw error ?? new Error('a write was incomplete');
    end += written;
    writing = false;
    commit();
    for (const { room, message } of batch) for (const member of room.members) member.send(message);
  });
}

function headOf(room: Room, message: Buffer): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32LE(room.number, 0);
  head.writeUInt32LE(message.length, 4);
  return head;
}

function roomOf(path: string): Room {
  const room = rooms.get(path) ?? { number: rooms.size, members: new Set() };
  rooms.set(path, room);
  return room;
}

const server = Bun.serve<{ readonly room: Room }>({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, self) {
    const room = roomOf(new URL(request.url).pathname);
    return self.upgrade(request, { data: { room } }) ? undefined : new Response('', { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      socket.data.room.members.add(socket);
    },
    message(socket, data) {
      const message = typeof data === 'string' ? Buffer.from(data) : data;
      waiting.push({ room: socket.data.room, message });
      commit();
    },
    close(socket) {
      socket.data.room.members.delete(socket);
    },
  },
});
console.log(`ready ${server.port}`);
