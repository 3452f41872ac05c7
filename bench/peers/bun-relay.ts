/**
 * The baseline: the smallest relay on Bun. A message is sent to all players of its room. It is not read or
 * stored, and there is no order across senders. Rooms are paths: `/r/<room>`.
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
