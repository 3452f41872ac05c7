/** Queries that are asked so often that writing their SQL each time would be most of their cost. */
import type { CompiledQuery } from 'kysely';
import type { Reader } from '../main-db.ts';

/**
 * Compiles what `build` makes once for each database, and from then on only puts the parameter in:
 * it must be the only parameter of the queries, as often as they like.
 */
export function compiledOnce<T extends readonly CompiledQuery[]>(
  build: (read: Reader, parameter: string) => readonly [...T],
): (read: Reader, parameter: string) => readonly [...T] {
  const kept = new WeakMap<Reader, readonly [...T]>();
  return (read, parameter) => {
    let queries = kept.get(read);
    if (!queries) {
      queries = build(read, PLACE);
      for (const { sql, parameters } of queries) {
        if (parameters.some((each) => each !== PLACE)) throw new Error(`another parameter in: ${sql}`);
      }
      kept.set(read, queries);
    }
    return queries.map((query) => ({
      ...query,
      parameters: query.parameters.map(() => parameter),
    })) as unknown as readonly [...T];
  };
}

const PLACE = 'the parameter';
