/** What every control must do. Each adapter's test calls this with a way to put targets behind slots. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Command, Control, ControlTarget, RoomWatch } from './control.ts';

export interface ControlUnderTest {
  readonly control: Control;
  /** Puts an owner of rooms behind a slot; the answer takes it away. */
  serve(slot: string, target: ControlTarget): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const watched: RoomWatch = { room: 'r1', epoch: 7, seq: 12, sockets: 3, onlineSeats: [1, 2], hold: false };

/** Holds one room, `r1`, and remembers what it was told. */
class OneRoom implements ControlTarget {
  readonly told: Command[] = [];

  tell(command: Command): 'told' | 'not-loaded' {
    this.told.push(command);
    return command.room === 'r1' ? 'told' : 'not-loaded';
  }

  watch(room: string): RoomWatch | null {
    return room === 'r1' ? watched : null;
  }
}

export function controlContract(name: string, make: () => Promise<ControlUnderTest>): void {
  describe(`control contract: ${name}`, () => {
    let under: ControlUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    test('a command reaches the owner behind the slot, whole, and no other', async () => {
      const [first, second] = [new OneRoom(), new OneRoom()];
      await under.serve('h1', first);
      await under.serve('h2', second);
      const commands: Command[] = [
        { kind: 'generation', room: 'r1', generation: 3 },
        { kind: 'seats', room: 'r1' },
        { kind: 'notice', room: 'r1', text: 'Grüße — 5 minutes left' },
      ];
      for (const command of commands) expect(await under.control.tell('h1', command)).toBe('told');
      expect(first.told).toEqual(commands);
      expect(second.told).toEqual([]);
    });

    test('a room that is not loaded there is no error', async () => {
      expect(await under.control.tell('h1', { kind: 'seats', room: 'elsewhere' })).toBe('not-loaded');
      expect(await under.control.watch('h1', 'elsewhere')).toBeNull();
    });

    test('a watch shows the room as it is', async () => {
      expect(await under.control.watch('h1', 'r1')).toEqual(watched);
    });

    test('a slot without an owner is unreachable, also one whose owner went away', async () => {
      const leave = await under.serve('h3', new OneRoom());
      await leave();
      for (const slot of ['h3', 'h9']) {
        expect(await under.control.tell(slot, { kind: 'seats', room: 'r1' })).toBe('unreachable');
        expect(await under.control.watch(slot, 'r1')).toBeNull();
      }
    });
  });
}
