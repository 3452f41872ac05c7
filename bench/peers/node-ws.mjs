// The peer "Node + ws": a typical room server on Node. A message is sent to all players of its room and not stored.
// Rooms are paths: `/r/<room>`.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** @type {Map<string, Set<import('ws').WebSocket>>} */
const rooms = new Map();
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false });

sockets.on('connection', (socket, request) => {
  const room = request.url ?? '';
  const members = rooms.get(room) ?? new Set();
  members.add(socket);
  rooms.set(room, members);
  socket.on('message', (data, binary) => {
    for (const member of members) member.send(data, { binary });
  });
  socket.on('close', () => members.delete(socket));
  socket.on('error', () => socket.terminate());
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log(`ready ${server.address().port}`);
});
