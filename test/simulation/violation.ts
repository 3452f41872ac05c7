/** What an evening may end with instead of peace: a broken rule of the design, or that nothing goes on. */

/**
 * Rule numbers are those of the design. 'liveness' is none of them: somebody waits for ever, or a
 * process does not come up again. What causes it is often a broken rule, but it does not say which.
 */
export type Rule = 1 | 2 | 3 | 4 | 5 | 10 | 'liveness';

export type Note = (rule: Rule, what: string) => void;

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly rule: Rule;

  constructor(rule: Rule, what: string) {
    super(`${rule === 'liveness' ? rule : `rule ${rule}`}: ${what}`);
    this.rule = rule;
  }
}
