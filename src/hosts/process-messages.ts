/** The messages between the main process and a game process, over the channel of `lib/child.ts`. */
import type { RoomsState } from '../running.ts';

/** From the main process to a game process. */
export type ParentMessage = { readonly kind: 'get-state' } | { readonly kind: 'stop' };

/** From a game process to the main process. */
export type ChildMessage =
  /** Sent at intervals while it reads its journal at start. */
  | { readonly kind: 'progress' }
  /** It serves its slot on this port. */
  | { readonly kind: 'ready'; readonly port: number; readonly bootId: string }
  /** The reply to `get-state`. */
  | ({ readonly kind: 'state' } & RoomsState)
  /** The start failed and the process ends; `code` is one of `errors.ts`, `message` is for the operator. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
