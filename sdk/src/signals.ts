/** Sends and receives signals: small transient JSON values of the seats that are not logged. */
import { signal, SIGNAL_BYTES_MAX } from '../protocol/signal.ts';
import type { Connection } from './connection.ts';
import { decodeJson, encodeText } from './text.ts';
import type { Environment } from './session-api.ts';
import { createTimer } from './timer.ts';

/** Minimum time between two signals that this page sends; of the values set meanwhile only the last is sent. */
export const SIGNAL_SPACING_MS = 50;

export interface Signals {
  /** The last values of the other seats. */
  readonly values: Map<number, unknown>;
  /** Sets this player's value; null removes it. Returns false if it is too large; then nothing changes. */
  set(value: unknown): boolean;
  receive(changed: readonly { seat: number; value: Uint8Array }[], ownSeat: number | undefined): void;
  /** A new connection is live: sends the value again, as the server does not have it. */
  onLive(): void;
  onDisconnect(): void;
}

export function createSignals(after: Environment['after'], connection: Connection): Signals {
  const values = new Map<number, unknown>();
  const spacing = createTimer(after);
  let own = '';
  /** null while nothing can be sent. */
  let sent: string | null = null;
  const flush = (): void => {
    if (sent === null || spacing.isArmed() || own === sent) return;
    sent = own;
    connection.send(signal.encode({ value: encodeText(own) }));
    spacing.set(SIGNAL_SPACING_MS, flush);
  };
  return {
    values,
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
        if (decoded === undefined) values.delete(seat);
        else if (seat !== ownSeat) values.set(seat, decoded);
      }
    },
    onLive() {
      sent = '';
      flush();
    },
    onDisconnect() {
      sent = null;
      spacing.clear();
      values.clear();
    },
  };
}
