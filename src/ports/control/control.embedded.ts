/** Control within one process: a command is a call to the owner that registered for the slot. */
import type { Command, Control, ControlTarget, RoomWatch, TellOutcome } from './control.ts';

export class EmbeddedControl implements Control {
  private readonly targets = new Map<string, ControlTarget>();

  /** From now on `target` answers for the slot; the answer takes it away again. */
  register(slot: string, target: ControlTarget): () => void {
    if (this.targets.has(slot)) throw new Error(`slot ${slot} is taken`);
    this.targets.set(slot, target);
    return () => {
      if (this.targets.get(slot) === target) this.targets.delete(slot);
    };
  }

  async tell(slot: string, command: Command): Promise<TellOutcome> {
    return this.targets.get(slot)?.tell(command) ?? 'unreachable';
  }

  async watch(slot: string, room: string): Promise<RoomWatch | null> {
    return this.targets.get(slot)?.watch(room) ?? null;
  }
}
