/** The kinds of records: a number in the record's header. */

/** The server interprets kinds below 16. Kinds from 16 on are interpreted by pages only. */
export const RecordKind = {
  /** The first record: game, hash of its rules, seed, options (JSON body). */
  open: 1,
  /** A process loaded the room; body: varint, the epoch that begins. */
  epoch: 2,
  /** Reserved, not written: the seat in the header was taken (body: one byte, 1) or given up (0). */
  seat: 3,
  /** Assigns the client number in the header to a client id (body: 16 bytes); precedes its first message. */
  client: 4,
  /** The game is over; sent by a page whose state is done. The first one counts. */
  finish: 5,
  pause: 6,
  resume: 7,
  /** A message from the studio to the players (UTF-8 body). */
  notice: 8,
  /** A move of the game: a JSON body for the rules. */
  move: 16,
  /** A chat line; personal. */
  chat: 17,
  /** An edit of the shared notepad; personal. */
  note: 18,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];
