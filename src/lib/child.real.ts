/** Starts child processes (`child.ts`) with the runtime that runs this process. */
import type { ChildOptions, ChildProcess } from './child.ts';

/** Throws when the system has no free process or descriptor. */
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
        // The channel closes before the end of the process is reported, and a child may close it and continue.
      }
    },
    kill: () => child.kill('SIGKILL'),
    exited: child.exited.then((code) =>
      child.signalCode === null ? `exit code ${code}` : `signal ${child.signalCode}`,
    ),
  };
}
