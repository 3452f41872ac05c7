/** Control within one process: a command is a call to the target that is registered for the slot. */
import type { Command, Control, ControlTarget, RoomStatus, CommandOutcome } from './control.ts';

export class EmbeddedControl implements Control {
  private readonly targets = new Map<string, ControlTarget>();

  /** Returns a function that removes the registration. Throws if the slot is registered already. */
  register(slot: string, target: ControlTarget): () => void {
    if (this.targets.has(slot)) throw new Error(`slot ${slot} is taken`);
    this.targets.set(slot, target);
    return () => {
      if (this.targets.get(slot) === target) this.targets.delete(slot);
    };
  }

  async send(slot: string, command: Command): Promise<CommandOutcome> {
    return this.targets.get(slot)?.handle(command) ?? 'unreachable';
  }

  async roomStatus(slot: string, room: string): Promise<RoomStatus | null> {
    return this.targets.get(slot)?.roomStatus(room) ?? null;
  }
}
