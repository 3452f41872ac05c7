/** Parses JSON from outside, where a syntax error is an expected outcome. */

/** Returns undefined, which is no JSON value, if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
