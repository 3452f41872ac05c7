/**
 * Close codes of a socket. The range says what the page does, so that a page can handle codes it does
 * not know; a code outside all ranges is handled like 4000–4199.
 *
 *   4000–4199   connect again with the same pass, after a backoff with jitter
 *   4200–4399   the credential is not valid here: repeat the join call, then connect
 *   4400–4599   do not reconnect; tell the player what to do
 */
export interface CloseCode {
  readonly code: number;
  /** Sent in the close frame; at most 123 bytes of UTF-8. */
  readonly reason: string;
}

export const Close = {
  goingAway: { code: 4000, reason: 'The server is restarting.' },
  tooSlow: { code: 4001, reason: 'This connection could not keep up.' },
  tooFast: { code: 4002, reason: 'Too many messages at once.' },
  helloLate: { code: 4003, reason: 'No hello within the time allowed.' },
  silent: { code: 4004, reason: 'This page sent nothing for too long.' },
  ownerLost: { code: 4005, reason: 'The room is being loaded again.' },
  busy: { code: 4006, reason: 'The server is busy.' },
  rejoin: { code: 4200, reason: 'Another host serves the room: join again.' },
  ticketOld: { code: 4201, reason: 'The ticket is too old: join again.' },
  malformed: { code: 4400, reason: 'A frame that is not of this protocol.' },
  versionUnknown: { code: 4401, reason: 'This page is too old or too new: load it again.' },
  ticketBad: { code: 4402, reason: 'The ticket is not valid.' },
  linkRotated: { code: 4403, reason: 'The link was replaced: open the new one.' },
  noSuchRoom: { code: 4404, reason: 'There is no such room.' },
  superseded: { code: 4409, reason: 'The same page connected again.' },
  tooLarge: { code: 4413, reason: 'A frame larger than allowed.' },
  roomBroken: { code: 4500, reason: 'This room must be repaired by the studio.' },
} as const satisfies { readonly [name: string]: CloseCode };

export type CloseAction = 'reconnect' | 'rejoin' | 'stop';

/** Sent by the WebSocket layer itself for a frame of more than FRAME_BYTES_HARD bytes. */
const MESSAGE_TOO_BIG = 1009;

/** What a page does after its socket was closed with `code`. */
export function closeAction(code: number): CloseAction {
  if (code === MESSAGE_TOO_BIG) return 'stop';
  if (code >= 4200 && code < 4400) return 'rejoin';
  if (code >= 4400 && code < 4600) return 'stop';
  return 'reconnect';
}
