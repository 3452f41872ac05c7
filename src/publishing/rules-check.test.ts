/** The check of built rules, in real child processes. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { realWorld } from '../lib/world.real.ts';
import type { Sandbox } from '../ports/sandbox/sandbox.ts';
import { processSandbox } from '../ports/sandbox/sandbox.process.ts';
import { checkRules } from './rules-check.ts';

// A busy machine takes long to start a process.
setDefaultTimeout(60_000);

const sandbox = processSandbox(realWorld.timers);

/** Checks rules whose `init` is this code. */
function checkInit(code: string, timeMsMax?: number) {
  const rules = `
    const progress = () => ({ puzzles: [{ id: 'one', state: 'open' }], done: false, hints: 0 });
    export default { init() { ${code} }, parse() {}, apply() {}, progress, hints() {} };`;
  const limited: Sandbox = {
    run: (task) => sandbox.run({ ...task, timeMsMax: timeMsMax ?? task.timeMsMax }),
  };
  return checkRules(new TextEncoder().encode(rules), limited);
}

test('rules that can begin a game give the ids of their puzzles', async () => {
  expect(await checkInit('return {};')).toEqual({ ok: true, puzzles: ['one'] });
});

test('rules that allocate without end are refused, with the memory limit as the reason', async () => {
  const outcome = await checkInit(`
    for (const all = []; ; ) {
      all.push(new Uint8Array(1e6).fill(1));
      for (const until = performance.now() + 2; performance.now() < until; );
    }`);
  expect(outcome).toEqual({
    ok: false,
    message: 'the check of the rules was stopped: used more than 536870912 bytes of memory',
  });
});

test('rules that never return are refused, with the time limit as the reason', async () => {
  expect(await checkInit('for (;;);', 1_000)).toEqual({
    ok: false,
    message: 'the check of the rules was stopped: took longer than 1000 ms',
  });
});

test('rules that throw are refused with the error', async () => {
  expect(await checkInit("throw new Error('no seed');")).toEqual({ ok: false, message: 'no seed' });
});

test('rules that end the process are refused', async () => {
  const outcome = await checkInit('process.exit(0);');
  expect(outcome).toEqual({ ok: false, message: 'the check of the rules was stopped: it left no output' });
});
