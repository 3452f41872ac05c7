/** Sizes and times that are part of the protocol and not sent in any frame. */

/** Maximum length of a page's frame; a longer one closes the socket with 4413. */
export const FRAME_BYTES_MAX = 8 * 1024;
/** A frame longer than this is rejected by the WebSocket layer (close code 1009) before it is buffered. */
export const FRAME_BYTES_HARD = 64 * 1024;
/** Maximum length of a server's frame. */
export const DOWN_FRAME_BYTES_MAX = 256 * 1024;
/** Time allowed from the opening of the socket to its hello, in milliseconds. */
export const HELLO_MS = 5_000;
/** A socket is closed (4004) at the first heartbeat at least this long after it was heard from; a pong counts. */
export const SILENT_MS = 45_000;
