/** Takes seats in rooms of Colyseus, by its matchmaking over HTTP: one player creates the room, the others join it. */
import type { Endpoint } from './load-generator.ts';

const ROOMS_AT_ONCE = 16;

interface Seat {
  readonly sessionId: string;
  readonly roomId: string;
  readonly processId: string;
}

export async function takeColyseusSeats(port: number, rooms: number, players: number): Promise<Endpoint[][]> {
  const filled: Endpoint[][] = [];
  while (filled.length < rooms) {
    const batch = Math.min(ROOMS_AT_ONCE, rooms - filled.length);
    filled.push(...(await Promise.all(Array.from({ length: batch }, () => fillRoom(port, players)))));
  }
  return filled;
}

async function fillRoom(port: number, players: number): Promise<Endpoint[]> {
  const first = await takeSeat(port, 'create/bench');
  const others = Array.from({ length: players - 1 }, () => takeSeat(port, `joinById/${first.roomId}`));
  return [first, ...(await Promise.all(others))].map(({ processId, roomId, sessionId }) => ({
    port,
    path: `/${processId}/${roomId}?sessionId=${sessionId}`,
    ticket: '',
  }));
}

async function takeSeat(port: number, method: string): Promise<Seat> {
  const response = await fetch(`http://127.0.0.1:${port}/matchmake/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`matchmaking failed with ${response.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Seat;
}
