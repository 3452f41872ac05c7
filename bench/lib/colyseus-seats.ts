/** Seats in rooms of Colyseus, by its matchmaking over HTTP: one player makes the room, the others join it by its id. */
import type { Place } from './load.ts';

const ROOMS_AT_ONCE = 16;

interface Seat {
  readonly sessionId: string;
  readonly roomId: string;
  readonly processId: string;
}

export async function colyseusSeats(port: number, rooms: number, players: number): Promise<Place[][]> {
  const seated: Place[][] = [];
  while (seated.length < rooms) {
    const several = Math.min(ROOMS_AT_ONCE, rooms - seated.length);
    seated.push(...(await Promise.all(Array.from({ length: several }, () => seatTeam(port, players)))));
  }
  return seated;
}

async function seatTeam(port: number, players: number): Promise<Place[]> {
  const first = await takeSeat(port, 'create/bench');
  const others = Array.from({ length: players - 1 }, () => takeSeat(port, `joinById/${first.roomId}`));
  return [first, ...(await Promise.all(others))].map(({ processId, roomId, sessionId }) => ({
    port,
    path: `/${processId}/${roomId}?sessionId=${sessionId}`,
    ticket: '',
  }));
}

async function takeSeat(port: number, what: string): Promise<Seat> {
  const answer = await fetch(`http://127.0.0.1:${port}/matchmake/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`matchmaking answered ${answer.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Seat;
}
