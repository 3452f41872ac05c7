/** What a record says: its kind, one number in its header. */

/** Kinds below 16 are read by the server; kinds from 16 on only by the players' pages. */
export const RecordKind = {
  /** Entry 1: what is needed to replay the room from its log and its rules alone (JSON body). */
  open: 1,
  /** A process opened the room; body: varint epoch. */
  epoch: 2,
  /** Reserved, nobody writes it: a seat was taken (body: one byte, 1) or given up (0); header seat says which. */
  seat: 3,
  /** A client sends for the first time; header client is its number; body: its 16-byte id. */
  client: 4,
  /** The game is over; sent by a page whose state says so. The first one counts. */
  finish: 5,
  pause: 6,
  resume: 7,
  /** A word of the studio to the players (UTF-8 body). */
  notice: 8,
  /** A move of the game: JSON for the rules' `apply`. */
  move: 16,
  /** A chat line: personal. */
  chat: 17,
  /** An edit of the shared notepad: personal. */
  note: 18,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];
