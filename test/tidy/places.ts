/** What is test and not product: suites, what they share, and benchmarks. */
const TEST = /^(sdk\/)?(test|bench)\/|\.(test|contract|fixture)\.tsx?$/;

export function isTest(path: string): boolean {
  return TEST.test(path);
}
