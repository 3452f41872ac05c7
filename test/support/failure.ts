/** The error a promise is rejected with; a promise that is fulfilled instead fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { readonly code?: unknown }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error('rejected with something that is no Error', { cause: error });
  }
  throw new Error('this should have been rejected');
}
