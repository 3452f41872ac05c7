/** Reads a request's body up to a limit and stops reading as soon as the limit is exceeded. */

export type BodyOutcome =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: 'too-large' };

export async function readBody(request: Request, bytesMax: number): Promise<BodyOutcome> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > bytesMax) return { ok: false, why: 'too-large' };
  if (!request.body) return { ok: true, text: '' };
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const part of request.body) {
    bytes += part.byteLength;
    if (bytes > bytesMax) return { ok: false, why: 'too-large' };
    text += decoder.decode(part, { stream: true });
  }
  return { ok: true, text: text + decoder.decode() };
}

/** Compares the media type only; parameters such as `charset` are ignored. */
export function hasType(request: Request, type: string): boolean {
  const given = request.headers.get('content-type') ?? '';
  return given.split(';')[0]?.trim().toLowerCase() === type;
}
