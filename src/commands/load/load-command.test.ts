/** `escapement load` as a whole: the real command line on a real server, and through a faulty relay. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processTree } from '../../../bench/lib/process.ts';
import { realWorld } from '../../lib/world.real.ts';
import { escapement, ROOT, temporaryFolder } from '../../../test/support/processes/command-line.ts';
import type { Terminal } from '../command.ts';
import { startLoadServer } from './load-server.ts';
import { load } from './load-command.ts';
import { startFaultyRelay, type RelayFault } from './relay.fixture.ts';

/** On a busy machine it takes minutes instead of seconds. */
const TEST_MS = 180_000;
const DISTURBANCES = ['--slow', '0.1', '--dropping', '0.2', '--cursors', '0.5'];

const folder = temporaryFolder('load-test');
/** The load makes its folders here. */
const TMPDIR = join(folder.path, 'tmp');
beforeAll(() => mkdirSync(TMPDIR));
/** Every load removes its folder. */
afterEach(() => expect(readdirSync(TMPDIR)).toEqual([]));
afterAll(() => folder.remove());

/** Starts a long load and resolves when its output matches; `out` is the whole output at its end. */
async function startLoad(until = / s playing /, options: readonly string[] = []) {
  const program = [process.execPath, join(ROOT, 'src/main.ts'), 'load', '--seconds', '600', ...options];
  const child = Bun.spawn(program, { env: { ...process.env, TMPDIR }, stdout: 'pipe', stderr: 'pipe' });
  const err = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const matched = Promise.withResolvers<void>();
  const read = async (): Promise<string> => {
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
      if (until.test(text)) matched.resolve();
    }
    matched.reject(new Error(`it ended before its output matched: ${text}`));
    return text;
  };
  const out = read();
  await matched.promise;
  return { child, out, err };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the command line', () => {
  test(
    'plays with slow, dropping and cursor-moving players, and finds every delivery correct',
    async () => {
      const json = join(folder.path, 'load.json');
      const rooms = ['--rooms', '20', '--ramp', '0.5', '--seconds', '3', '--size', '20-400'];
      const { code, out, err } = await escapement(['load', ...rooms, ...DISTURBANCES, '--json', json], {
        env: { TMPDIR },
      });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^ +\d+ s (connecting|playing|settling) {2}0 faults {2}\d+\/80 players /m);
      expect(out).toContain('20 rooms: every message arrived once and in order; half of them within ');
      const report = JSON.parse(readFileSync(json, 'utf8'));
      expect(report).toMatchObject({ format: 1, right: true, players: 80, settled: true, firstFault: null });
      expect(report.plan).toMatchObject({ rooms: 20, players: 4, bytesMin: 20, bytesMax: 400 });
      expect(report.sent).toBeGreaterThan(0);
      expect(report.delivered).toBe(report.sent * 4);
      expect(Object.values(report.faults)).toEqual([0, 0, 0, 0, 0, 0, 0]);
      expect(report.prompt.count + report.late.count).toBe(report.delivered);
      expect(report.drops).toBeGreaterThan(0);
      expect(report.resumes).toBeGreaterThanOrEqual(report.drops);
      expect(report.cursors.sent).toBeGreaterThan(0);
      expect(report.folder.path).toStartWith(TMPDIR);
    },
    TEST_MS,
  );

  test(
    'plays on several game processes, with bursts',
    async () => {
      const plan = [
        '--rooms',
        '6',
        '--ramp',
        '0',
        '--seconds',
        '2',
        '--spread',
        'bursty',
        '--game-processes',
        '2',
      ];
      const { code, out } = await escapement(['load', ...plan], { env: { TMPDIR } });
      expect(code).toBe(0);
      expect(out).toContain('6 rooms: every message arrived once and in order');
      expect(out).toContain('2 processes');
    },
    TEST_MS,
  );

  test(
    'ends early at a signal, says so, and removes its files',
    async () => {
      const { child, out } = await startLoad();
      child.kill('SIGINT');
      expect(await out).toContain('100 rooms, stopped early: every message arrived once and in order');
      expect(await child.exited).toBe(0);
    },
    TEST_MS,
  );

  test(
    'ends early at a signal while players connect: nothing is missing for those that never did',
    async () => {
      // With rooms this large one is always incomplete.
      const slowly = ['--rooms', '20', '--players', '8', '--ramp', '60', '--dropping', '0', '--slow', '0'];
      const { child, out } = await startLoad(/ s connecting .* [1-9]\d* delivered/, slowly);
      child.kill('SIGINT');
      const text = await out;
      expect(text).toContain('20 rooms, stopped early: every message arrived once and in order');
      expect(await child.exited).toBe(0);
    },
    TEST_MS,
  );

  test(
    'when it is killed its server exits, and the next load removes its folder',
    async () => {
      const { child, out } = await startLoad();
      const server = processTree(child.pid).filter((pid) => pid !== child.pid);
      expect(server.length).toBe(1);
      child.kill('SIGKILL');
      await out;
      while (server.some(isAlive)) await Bun.sleep(50);
      expect(readdirSync(TMPDIR).length).toBe(1);
      const next = await escapement(['load', '--rooms', '1', '--seconds', '1'], { env: { TMPDIR } });
      expect(next.code).toBe(0);
    },
    TEST_MS,
  );

  test(
    'a server that dies ends it with exit code 1 and a sentence',
    async () => {
      const { child, err } = await startLoad();
      for (const pid of processTree(child.pid)) if (pid !== child.pid) process.kill(pid, 'SIGKILL');
      expect(await err).toContain('the process for slot h1 ended with signal SIGKILL');
      expect(await child.exited).toBe(1);
    },
    TEST_MS,
  );

  test(
    'a wrong option is exit code 2, a file that cannot be written 1, both before anything starts',
    async () => {
      const wrong = await escapement(['load', '--rooms', 'many']);
      expect([wrong.code, wrong.out]).toEqual([2, '']);
      expect(wrong.err).toContain('--rooms is "many", and must be a whole number from 1 to 10000');
      const file = await escapement(['load', '--json', '/dev/null/x']);
      expect([file.code, file.out]).toEqual([1, '']);
      expect(file.err).toContain('[load-json]');
    },
    TEST_MS,
  );
});

describe('a faulty relay', () => {
  const FAULTS: readonly (readonly [fault: RelayFault, found: RegExp])[] = [
    ['none', /0 connections declined[^]*every message arrived once and in order/],
    ['declines', /5 connections declined with 503 and retried[^]*every message arrived once and in order/],
    [
      'drops',
      /NOT every message .*: \d+ missing\. The first: room \d+, player \d+: entry \d+ followed entry \d+\./,
    ],
    ['swaps', /NOT every message .*: \d+ out of order\./],
    ['doubles', /NOT every message .*: \d+ twice\./],
    ['changes', /NOT every message .* different between players\./],
  ];

  test.each(FAULTS)(
    '%s: the exit code reports it',
    async (fault, found) => {
      const printed: string[] = [];
      const terminal: Terminal = {
        env: {},
        out: (text) => printed.push(text),
        progress: () => {},
        err: (text) => printed.push(text),
        onSignal: () => {},
      };
      const undisturbed = ['--slow', '0', '--dropping', '0', '--cursors', '0'];
      const args = ['--rooms', '2', '--rate', '20', '--ramp', '0', '--seconds', '2', ...undisturbed];
      const code = await load(args, terminal, realWorld, async (plan, world) => {
        const server = await startLoadServer(plan, world);
        const port = server.seats[0]?.[0]?.address.port ?? 0;
        const relay = startFaultyRelay(port, fault);
        return {
          ...server,
          seats: server.seats.map((room) =>
            room.map((seat) => ({ ...seat, address: { ...seat.address, port: relay.port } })),
          ),
          async close() {
            relay.stop();
            await server.close();
          },
        };
      });
      expect(printed.at(-1)).toMatch(found);
      expect(code).toBe(fault === 'none' || fault === 'declines' ? 0 : 1);
    },
    TEST_MS,
  );
});
