/** What a run may find wrong: a broken invariant of ARCHITECTURE, or that something waits for ever. */

/**
 * 'liveness' is not one of the invariants: a page never becomes current, or a process does not start. The cause
 * is often a broken invariant, but the violation does not say which.
 */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I10' | 'liveness';

export type Report = (invariant: Invariant, what: string) => void;

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;

  constructor(invariant: Invariant, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}
