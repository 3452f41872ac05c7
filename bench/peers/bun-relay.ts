/**
 * The yardstick: the least that a relay on Bun can do. A message goes to everybody in its room,
 * unread, unordered across senders, stored nowhere. `/r/<room>` is the room.
 */
const rooms = new Map<string, Set<Bun.ServerWebSocket<{ room: string }>>>();

const server = Bun.serve<{ room: string }>({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, self) {
    const room = new URL(request.url).pathname;
    return self.upgrade(request, { data: { room } }) ? undefined : new Response('', { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      const members = rooms.get(socket.data.room) ?? new Set();
      members.add(socket);
      rooms.set(socket.data.room, members);
    },
    message(socket, message) {
      for (const member of rooms.get(socket.data.room) ?? []) member.send(message);
    },
    close(socket) {
      rooms.get(socket.data.room)?.delete(socket);
    },
  },
});
console.log(`ready ${server.port}`);
