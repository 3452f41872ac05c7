/** The browser of the tests does not outlive them, even if they are killed and cannot close it. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { linesOf } from '../support/processes/lines-of.ts';

const TEST_MS = 60_000;
const POLL_MS = 50;

const SCRIPT = `
  const { launch } = await import(${JSON.stringify(join(import.meta.dir, 'support/browser.ts'))});
  const browser = await launch('chromium');
  await browser.newPage();
  console.log(browser.process().pid);
  setInterval(() => {}, 1_000);
`;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test(
  'Chromium ends when the process that started it is killed',
  async () => {
    const parent = Bun.spawn([process.execPath, '-e', SCRIPT], { stdout: 'pipe', stderr: 'inherit' });
    const { value: pid } = await linesOf(parent.stdout).next();
    expect(isRunning(Number(pid))).toBe(true);
    parent.kill('SIGKILL');
    await parent.exited;
    while (isRunning(Number(pid))) await Bun.sleep(POLL_MS);
  },
  TEST_MS,
);
