/** The installation's keys. They are stored in a file of the data folder (mode 0600), never in the database. */
export interface Keyring {
  /** Tickets and resume passes. Same shape as `PassKeys` in domain/pass.ts. */
  readonly pass: { readonly current: string; readonly keys: { readonly [id: string]: Uint8Array } };
  /** 32 bytes; encrypts link secrets, so that links can be sent again. */
  readonly seal: Uint8Array;
  /** The secret in the addresses of the admin, outbox and status pages. */
  readonly admin: string;
  /** 32 bytes; signs the test provider's webhooks. */
  readonly testProvider: Uint8Array;
  /** 32 bytes; signs requests between processes of the installation. Derived from `seal`. */
  readonly control: Uint8Array;
}
