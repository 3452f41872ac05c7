/** How fast a socket may speak: over its rate the server stops reading it for a while (rule 6). */
import type { World } from '../../lib/world.ts';
import type { Peer } from '../../ports/frontend/frontend.ts';
import { Allowance, type GameLimits } from './limits.ts';

export class Intake {
  private readonly messages: Allowance;
  private readonly smalls: Allowance;
  private readonly peer: Peer;
  private readonly limits: GameLimits;
  private readonly world: World;
  private cancel: (() => void) | null = null;

  constructor(peer: Peer, limits: GameLimits, world: World) {
    const now = world.clock.mono();
    this.messages = new Allowance(limits.messageRate, limits.messageBurst, now);
    this.smalls = new Allowance(limits.smallRate, limits.smallBurst, now);
    this.peer = peer;
    this.limits = limits;
    this.world = world;
  }

  /** A message came; false = so far over the rate that the socket must go. */
  message(): boolean {
    return this.owes(this.messages.take(this.world.clock.mono()));
  }

  /** A signal or a ping came. */
  small(): boolean {
    return this.owes(this.smalls.take(this.world.clock.mono()));
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private owes(debtMs: number): boolean {
    if (debtMs === 0) return true;
    if (debtMs > this.limits.pauseMsMax) return false;
    if (this.cancel === null) {
      this.peer.pause();
      this.wait(debtMs);
    }
    return true;
  }

  private wait(ms: number): void {
    this.cancel = this.world.timers.after(Math.ceil(ms), () => {
      this.cancel = null;
      // Frames that were already read may have come meanwhile and added to the debt.
      const now = this.world.clock.mono();
      const debtMs = Math.max(this.messages.debt(now), this.smalls.debt(now));
      if (debtMs > 0) this.wait(debtMs);
      else this.peer.resume();
    });
  }
}
