/**
 * The log of the program: one JSON object per line. Ids of rooms may stand in it; secrets, mail
 * addresses and what players wrote may not.
 */
export interface LogFields {
  readonly [name: string]: string | number | boolean | null;
}

export interface Log {
  info(what: string, fields?: LogFields): void;
  error(what: string, fields?: LogFields): void;
}
