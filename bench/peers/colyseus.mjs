// The peer "Colyseus": a room sends each message of bytes to all players. It has no state, so state patches, which
// would take a timer per room, are disabled.
// Seats come from its matchmaking: POST /matchmake/create/bench, then POST /matchmake/joinById/<room>.
import { createServer } from 'node:http';
import { Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';

/** Long, because all seats are reserved before the first player connects. */
const SEAT_SECONDS = 600;

class Bench extends Room {
  maxClients = 16;
  patchRate = null;
  seatReservationTimeout = SEAT_SECONDS;

  onCreate() {
    this.onMessageBytes('m', (_client, body) => this.broadcastBytes('m', body));
  }
}

const server = createServer();
const game = new Server({ transport: new WebSocketTransport({ server }), greet: false });
game.define('bench', Bench);
await game.listen(0, '127.0.0.1', 4096);
console.log(`ready ${server.address().port}`);
