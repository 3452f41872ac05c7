/** Every migration is listed exactly once, in the order of the numbers, which have no gap. */
import type { Rule, Violation } from '../rule.ts';

const FOLDER = 'src/ports/main-db/migrations/';
const NUMBERED = /\/(\d{4})-[a-z0-9-]+\.ts$/;

export const migrations: Rule = {
  name: 'migrations',
  check({ code, find }) {
    const numbered = code.filter(({ path }) => path.startsWith(FOLDER) && NUMBERED.test(path));
    const list = find(`${FOLDER}index.ts`);
    if (!list)
      return numbered.map(({ path }) => ({ path, line: null, message: `list it in ${FOLDER}index.ts` }));
    const imported = new Set(list.imports.map(({ to }) => to));
    const names = [...list.text.matchAll(/^import \{ (\w+) \} from '\.\/(\d{4}-[\w-]+\.ts)'/gm)];
    const array = /MIGRATIONS[^=]*=\s*\[([^\]]*)\]/.exec(list.text)?.[1]?.match(/\w+/g) ?? [];
    const found: Violation[] = [];
    for (const [at, { path }] of numbered.entries()) {
      const name = names.find(([, , file]) => path === FOLDER + file)?.[1];
      const listed = array.filter((one) => one === name).length;
      if (!imported.has(path) || listed !== 1)
        found.push({ path, line: null, message: `is ${listed} times in MIGRATIONS: list it once` });
      else if (array[at] !== name)
        found.push({
          path,
          line: null,
          message: `must be number ${at + 1} of MIGRATIONS: the list is in the order of the numbers`,
        });
      if (Number(NUMBERED.exec(path)?.[1]) !== at + 1)
        found.push({
          path,
          line: null,
          message: `must be number ${String(at + 1).padStart(4, '0')}: numbers have no gap and no duplicates`,
        });
    }
    return found;
  },
};
