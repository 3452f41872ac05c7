/**
 * A fixture is one text file that contains a small repository. Each of its files begins with a line `==> path`.
 * `==> path !! part of a message !! part of another` lists the messages that the rule must report for this file, in
 * order; it must report nothing else. One text file, so that other tools do not read it as code.
 */
import { type Repository, repositoryOf } from './repository.ts';

export interface Fixture {
  readonly repository: Repository;
  /** Path → a part of each expected message, in order. */
  readonly expected: ReadonlyMap<string, readonly string[]>;
}

export function parseFixture(text: string): Fixture {
  const texts = new Map<string, string>();
  const expected = new Map<string, string[]>();
  for (const part of text.split(/^==> /m).slice(1)) {
    const end = part.indexOf('\n');
    const [path = '', ...messages] = part
      .slice(0, end)
      .split(' !! ')
      .map((piece) => piece.trim());
    texts.set(path, part.slice(end + 1));
    if (messages.length > 0) expected.set(path, messages);
  }
  return { repository: repositoryOf(texts), expected };
}
