/** The contract of every control adapter. Each adapter's test calls it with a factory. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Command, Control, ControlTarget, RoomStatus } from './control.ts';

export interface ControlUnderTest {
  readonly control: Control;
  /** Makes `target` reachable under the slot; the returned function makes it unreachable again. */
  serve(slot: string, target: ControlTarget): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const STATUS: RoomStatus = { room: 'r1', epoch: 7, seq: 12, sockets: 3, onlineSeats: [1, 2], hold: false };

/** A target that has loaded one room, `r1`, and records the commands that it gets. */
class OneRoom implements ControlTarget {
  readonly commands: Command[] = [];

  handle(command: Command): 'delivered' | 'not-loaded' {
    this.commands.push(command);
    return command.room === 'r1' ? 'delivered' : 'not-loaded';
  }

  roomStatus(room: string): RoomStatus | null {
    return room === 'r1' ? STATUS : null;
  }
}

export function controlContract(name: string, make: () => Promise<ControlUnderTest>): void {
  describe(`control contract: ${name}`, () => {
    let under: ControlUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    test('a command reaches the target of its slot unchanged, and no other target', async () => {
      const [first, second] = [new OneRoom(), new OneRoom()];
      await under.serve('h1', first);
      await under.serve('h2', second);
      const commands: Command[] = [
        { kind: 'generation', room: 'r1', generation: 3 },
        { kind: 'seats', room: 'r1' },
        { kind: 'notice', room: 'r1', text: 'Grüße — 5 minutes left' },
      ];
      for (const command of commands) expect(await under.control.send('h1', command)).toBe('delivered');
      expect(first.commands).toEqual(commands);
      expect(second.commands).toEqual([]);
    });

    test('a room that is not loaded is not an error', async () => {
      expect(await under.control.send('h1', { kind: 'seats', room: 'elsewhere' })).toBe('not-loaded');
      expect(await under.control.roomStatus('h1', 'elsewhere')).toBeNull();
    });

    test('the status of a room is the one that its owner gives', async () => {
      expect(await under.control.roomStatus('h1', 'r1')).toEqual(STATUS);
    });

    test('a slot without a target is unreachable, also one whose target was removed', async () => {
      const remove = await under.serve('h3', new OneRoom());
      await remove();
      for (const slot of ['h3', 'h9']) {
        expect(await under.control.send(slot, { kind: 'seats', room: 'r1' })).toBe('unreachable');
        expect(await under.control.roomStatus(slot, 'r1')).toBeNull();
      }
    });
  });
}
