/** Shared by the killed process and its check. */
import { crc32 } from 'node:zlib';

export const DIRECTORY = 'journal';
export const ROOMS: readonly string[] = Array.from({ length: 24 }, (_, index) => `room${index}`);

export interface ChildOptions {
  readonly root: string;
  readonly seed: number;
  /** Share of unsynced sectors that reach the disk all the same. */
  readonly leak: number;
  /** correct; without-sync: the disk reports writes as durable that are not; early: acknowledged before it is durable. */
  readonly mode: 'correct' | 'without-sync' | 'early';
}

/** A text with a checksum: it can only come from the child. */
export function entryText(room: string, seq: number, nonce: number, filling: number): string {
  const text = `${room}:${seq}:${nonce}:${'.'.repeat(filling)}`;
  return `${text}:${crc32(text)}`;
}

export function isEntryText(text: string, room: string, seq: number): boolean {
  const end = text.lastIndexOf(':');
  return text.startsWith(`${room}:${seq}:`) && Number(text.slice(end + 1)) === crc32(text.slice(0, end));
}
