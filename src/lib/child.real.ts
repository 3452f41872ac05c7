/** Starts child processes (`child.ts`) with the runtime that runs this process. */
import type { ChildOptions, ChildProcess } from './child.ts';

/** Throws when the machine has no process or descriptor left for it. */
export function spawnChild<Sent, Received>(options: ChildOptions<Received>): ChildProcess<Sent> {
  const output = options.output ?? 'inherit';
  const child = Bun.spawn([process.execPath, options.program, ...options.args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', output, output],
    serialization: 'json',
    ipc: (message) => options.onMessage(message as Received),
  });
  return {
    pid: child.pid,
    send(message) {
      try {
        child.send(message);
      } catch {
        // The channel closes a moment before its end is reported, and may be closed without one.
      }
    },
    kill: () => child.kill('SIGKILL'),
    ended: child.exited.then((code) =>
      child.signalCode === null ? `exit code ${code}` : `signal ${child.signalCode}`,
    ),
  };
}
