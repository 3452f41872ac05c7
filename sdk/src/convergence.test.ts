/** Tests that after any faults of the network all pages end in the same state, with every move in it once. */
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { TestDevice } from '../test/test-device.ts';
import { add, type TestPage, TestSetup } from '../test/test-setup.ts';
import { stateHash } from './canonical.ts';

const PAGES = 3;
const page = fc.nat({ max: PAGES - 1 });

/** One event: its kind, the page it concerns, and the time until the next event. */
const step = fc.record({
  what: fc.constantFrom(
    ...(['move', 'move', 'move', 'roll', 'cut', 'reset', 'reload', 'restart'] as const),
    ...(['mute', 'sleep', 'offline', 'online', 'drop', 'retry'] as const),
  ),
  who: page,
  quietMs: fc.constantFrom(0, 5, 12, 40, 700, 9_000),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Play {
  readonly setup = new TestSetup();
  readonly devices = Array.from({ length: PAGES }, () => new TestDevice());
  readonly pages: TestPage[] = [];
  sent = 0;

  async start(): Promise<void> {
    for (const device of this.devices) {
      this.pages.push(await this.setup.open({ seat: this.pages.length + 1, device }));
    }
  }

  async take({ what, who, quietMs }: Step): Promise<void> {
    const { setup } = this;
    const at = this.pages[who] as TestPage;
    if (what === 'move') at.session.send(add(2 ** (this.sent++ % 20)));
    else if (what === 'roll') at.session.send({ type: 'roll' });
    else if (what === 'cut') at.socket.cut();
    else if (what === 'reset') at.socket.reset();
    else if (what === 'reload') await this.reload(who);
    else if (what === 'restart') setup.room.restart(setup.room.epoch + 1);
    else if (what === 'mute') setup.room.isMuted = !setup.room.isMuted;
    else if (what === 'sleep') setup.time.sleep(quietMs * 10);
    else if (what === 'offline' || what === 'online') setup.online = what === 'online';
    else if (what === 'retry') at.session.retryNow();
    else this.drop(at);
    await setup.time.advance(quietMs);
  }

  /** Waits until the store has saved everything, then reloads the page. */
  async reload(who: number): Promise<void> {
    await this.setup.time.advance(0);
    this.pages[who]?.leave();
    const device = this.devices[who] as TestDevice;
    this.pages[who] = await this.setup.open({ seat: who + 1, device }, false);
  }

  /** The server drops the next message, as after an append that its disk rejected. */
  drop(at: TestPage): void {
    let dropped = false;
    this.setup.room.intercept = () => !dropped && (dropped = true);
    at.session.send({ type: 'roll' });
  }

  async end(): Promise<void> {
    this.setup.room.intercept = () => false;
    this.setup.room.isMuted = false;
    this.setup.online = true;
    for (const one of this.pages) if (one.sockets.length > 0) one.socket.reset();
    await this.setup.time.advance(200_000);
  }
}

test('any interleaving of cuts and reconnects yields equal state, each move in it exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const play = new Play();
      await play.start();
      for (const one of steps) await play.take(one);
      await play.end();
      const sum = Array.from({ length: play.sent }, (_, n) => 2 ** (n % 20)).reduce((a, b) => a + b, 0);
      for (const { session } of play.pages) {
        expect(session.status()).toBe('live');
        expect(session.unsent()).toBe(0);
        expect(session.state()?.sum).toBe(sum);
        expect(stateHash(session.state())).toBe(stateHash(play.pages[0]?.session.state()));
      }
      for (const device of play.devices) expect(device.rows.size).toBe(0);
    }),
    { numRuns: 150 },
  );
}, 60_000);
