/** The installation's keys. They live in a file of the data folder (mode 0600), never in the database. */
export interface Keyring {
  /** Tickets and resume passes. Same shape as `PassKeys` in domain/pass.ts. */
  readonly pass: { readonly current: string; readonly keys: { readonly [id: string]: Uint8Array } };
  /** 32 bytes; seals link secrets for sending them again. */
  readonly seal: Uint8Array;
  /** Opens admin, outbox and status pages; stands in their address. */
  readonly admin: string;
  /** 32 bytes; signs the test till's webhooks. */
  readonly testProvider: Uint8Array;
  /** 32 bytes; signs what processes of the installation tell each other. Made from `seal`. */
  readonly control: Uint8Array;
}
