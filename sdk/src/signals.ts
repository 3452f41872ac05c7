/** Signals both ways: small JSON values of the seats that are seen and forgotten, never logged. */
import { signal, SIGNAL_BYTES_MAX } from '../protocol/signal.ts';
import type { Connection } from './connection.ts';
import { decodeJson, encodeText } from './text.ts';
import type { Environment } from './session-api.ts';
import { createTimer } from './timer.ts';

/** Own signals go out no closer together than this; in between the last value wins. */
export const SIGNAL_SPACING_MS = 50;

export interface Signals {
  /** The others' last values by seat. */
  readonly seen: Map<number, unknown>;
  /** null takes the own value away. False = too large, nothing changed. */
  set(value: unknown): boolean;
  receive(changed: readonly { seat: number; value: Uint8Array }[], ownSeat: number | undefined): void;
  /** A new connection: the server has forgotten our value. */
  live(): void;
  lost(): void;
}

export function createSignals(after: Environment['after'], connection: Connection): Signals {
  const seen = new Map<number, unknown>();
  const spacing = createTimer(after);
  let own = '';
  /** null while nothing can be sent. */
  let sent: string | null = null;
  const flush = (): void => {
    if (sent === null || spacing.armed() || own === sent) return;
    sent = own;
    connection.send(signal.encode({ value: encodeText(own) }));
    spacing.set(SIGNAL_SPACING_MS, flush);
  };
  return {
    seen,
    set(value) {
      const text = value === null ? '' : (JSON.stringify(value) ?? '');
      if (encodeText(text).length > SIGNAL_BYTES_MAX) return false;
      own = text;
      flush();
      return true;
    },
    receive(changed, ownSeat) {
      for (const { seat, value } of changed) {
        const decoded = decodeJson(value);
        if (decoded === undefined) seen.delete(seat);
        else if (seat !== ownSeat) seen.set(seat, decoded);
      }
    },
    live() {
      sent = '';
      flush();
    },
    lost() {
      sent = null;
      spacing.clear();
      seen.clear();
    },
  };
}
