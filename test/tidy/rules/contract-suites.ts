/** A port with two or more adapters has one contract suite, and the test of every adapter runs it. */
import type { Rule, Violation } from '../rule.ts';

const ADAPTER = /^src\/ports\/([^/]+)\/\1\.([\w-]+)\.ts$/;
const NO_ADAPTER = new Set(['test', 'contract', 'fixture']);

export const contractSuites: Rule = {
  name: 'contract-suites',
  check({ code, find }) {
    const adapters = code.flatMap(({ path }) => {
      const [, port, engine] = ADAPTER.exec(path) ?? [];
      return port !== undefined && engine !== undefined && !NO_ADAPTER.has(engine) ? [{ path, port }] : [];
    });
    return adapters.flatMap(({ path, port }): readonly Violation[] => {
      if (adapters.filter((other) => other.port === port).length < 2) return [];
      const suite = `src/ports/${port}/${port}.contract.ts`;
      const test = path.replace(/\.ts$/, '.test.ts');
      if (find(test)?.imports.some(({ to }) => to === suite)) return [];
      return [{ path, line: null, message: `its port has several adapters: run ${suite} in ${test}` }];
    });
  },
};
