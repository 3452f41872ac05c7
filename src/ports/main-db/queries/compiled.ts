/** Precompiled queries: for those whose SQL takes longer to generate than to run. */
import type { CompiledQuery } from 'kysely';
import type { Reader } from '../main-db.ts';

/**
 * Returns a function that compiles the queries of `build` on the first call for a database and only sets the
 * parameter on later calls. The queries may use the parameter several times, but no other one.
 */
export function compileOnce<T extends readonly CompiledQuery[]>(
  build: (read: Reader, parameter: string) => readonly [...T],
): (read: Reader, parameter: string) => readonly [...T] {
  const compiled = new WeakMap<Reader, readonly [...T]>();
  return (read, parameter) => {
    let queries = compiled.get(read);
    if (!queries) {
      queries = build(read, PLACEHOLDER);
      for (const { sql, parameters } of queries) {
        if (parameters.some((each) => each !== PLACEHOLDER)) throw new Error(`another parameter in: ${sql}`);
      }
      compiled.set(read, queries);
    }
    return queries.map((query) => ({
      ...query,
      parameters: query.parameters.map(() => parameter),
    })) as unknown as readonly [...T];
  };
}

const PLACEHOLDER = 'the parameter';
