// The peer "Socket.IO": its own rooms and broadcast, one binary event; WebSocket from the start, no long polling.
// The room is in the query: `/socket.io/?EIO=4&transport=websocket&room=<room>`.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const server = createServer();
const io = new Server(server, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });

io.on('connection', (socket) => {
  const room = String(socket.handshake.query.room);
  void socket.join(room);
  socket.on('m', (body) => io.to(room).emit('m', body));
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log(`ready ${server.address().port}`);
});
