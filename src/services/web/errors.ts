/**
 * Every error a visitor can see: its code, its HTTP status and the key of its texts. Codes do not change: support,
 * tests and pages use them. The texts `<texts>_title` and `<texts>_text` are in `locales/`; JSON responses carry
 * the code only.
 */
export interface WebError {
  readonly status: 400 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 429 | 500 | 503;
  readonly texts: string;
  /** Overrides what `nextAfter` derives from the status. */
  readonly next?: Next;
}

/** What a page's script does after an error: try again with backoff, or stop and show the error. */
export type Next = 'retry' | 'stop';

export const ERRORS = {
  'not-found': { status: 404, texts: 'common.error_not_found' },
  'bad-request': { status: 400, texts: 'common.error_bad_request' },
  'wrong-origin': { status: 403, texts: 'common.error_wrong_origin' },
  'too-large': { status: 413, texts: 'common.error_too_large' },
  'wrong-body': { status: 415, texts: 'common.error_bad_request' },
  'too-many': { status: 429, texts: 'common.error_too_many' },
  internal: { status: 500, texts: 'common.error_internal' },
  'order-unknown': { status: 404, texts: 'order.error_unknown' },
  'game-not-free': { status: 404, texts: 'shop.error_not_free' },
  'free-limit': { status: 429, texts: 'shop.error_free_limit' },
  'storage-full': { status: 503, texts: 'common.error_storage_full' },
  'free-full': { status: 503, texts: 'shop.error_free_full' },
  'till-unknown': { status: 404, texts: 'till.error_unknown' },
  'link-unknown': { status: 404, texts: 'lobby.error_link_unknown' },
  'link-retired': { status: 410, texts: 'lobby.error_link_retired' },
  'not-begun': { status: 409, texts: 'lobby.error_not_begun' },
  'room-unknown': { status: 404, texts: 'play.error_room_unknown' },
  'no-seat': { status: 403, texts: 'play.error_no_seat' },
  'room-broken': { status: 503, texts: 'play.error_room_broken', next: 'stop' },
  'room-moving': { status: 503, texts: 'play.error_room_moving' },
  'result-unknown': { status: 404, texts: 'end.error_unknown' },
  'webhook-bad': { status: 400, texts: 'common.error_bad_request' },
} as const satisfies { readonly [code: string]: WebError };

export type ErrorCode = keyof typeof ERRORS;

/** Retry after 429 and 5xx, which are temporary, unless the error sets `next`. */
export function nextAfter(code: ErrorCode): Next {
  const { status, next }: WebError = ERRORS[code];
  return next ?? (status === 429 || status >= 500 ? 'retry' : 'stop');
}
