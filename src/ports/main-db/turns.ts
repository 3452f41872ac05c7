/** One at a time, first come first served, and not more than a stated number waiting. */
import { MainDbError } from './errors.ts';

export class Turns {
  private taken = false;
  private readonly waiting: (() => void)[] = [];
  private readonly waitingMax: number;

  constructor(waitingMax: number) {
    this.waitingMax = waitingMax;
  }

  /** Resolves when it is the caller's turn; `next` ends the turn. */
  async take(): Promise<void> {
    if (!this.taken) {
      this.taken = true;
      return;
    }
    if (this.waiting.length >= this.waitingMax) {
      throw new MainDbError('database-busy', `More than ${this.waitingMax} requests wait for the database.`);
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  next(): void {
    const follower = this.waiting.shift();
    if (follower) follower();
    else this.taken = false;
  }
}
