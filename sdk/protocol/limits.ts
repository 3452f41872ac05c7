/** The sizes and times of the protocol that both sides know without being told. */

/** The longest frame a page may send; a longer one is answered with close code 4413. */
export const FRAME_BYTES_MAX = 8 * 1024;
/** From here on the WebSocket layer itself refuses (close code 1009), before the frame is held in memory. */
export const FRAME_BYTES_HARD = 64 * 1024;
/** No frame of the server is longer. */
export const DOWN_FRAME_BYTES_MAX = 256 * 1024;
/** The hello must arrive within this time after the socket opened, in milliseconds. */
export const HELLO_MS = 5_000;
/** A socket from which nothing came for this long may be closed (4004); a pong counts as something. */
export const SILENT_MS = 45_000;
