/** Starts a room server in a process of its own, and requests its counts. */
import { join } from 'node:path';
import { linesOf } from './lines-of.ts';
import type { RoomServerCounts, RoomServerOptions } from './room-server.shared.ts';

export interface RoomServer {
  readonly port: number;
  counts(): Promise<RoomServerCounts>;
  stop(): Promise<void>;
}

export async function startRoomServer(options: Partial<RoomServerOptions>): Promise<RoomServer> {
  const whole: RoomServerOptions = { limits: {}, rooms: [], speed: 1, removed: null, ...options };
  const script = join(import.meta.dir, 'room-server.child.ts');
  const stdio = { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' } as const;
  const child = Bun.spawn([process.execPath, script, JSON.stringify(whole)], stdio);
  const lines = linesOf(child.stdout);
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the room server ended with ${await child.exited}`);
    return JSON.parse(value);
  };
  const { port } = (await next()) as { readonly port: number };
  return {
    port,
    async counts() {
      await child.stdin.write('counts\n');
      await child.stdin.flush();
      return (await next()) as RoomServerCounts;
    },
    async stop() {
      await child.stdin.end();
      await child.exited;
    },
  };
}
