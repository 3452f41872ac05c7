/** Which files are tests and not product: suites, their shared code, and benchmarks. */
const TEST = /^(sdk\/)?(test|bench)\/|\.(test|contract|fixture)\.tsx?$/;

export function isTest(path: string): boolean {
  return TEST.test(path);
}
