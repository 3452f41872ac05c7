/**
 * A structured log. Fields may contain ids; they must not contain secrets, mail addresses or
 * texts written by users.
 */
export interface LogFields {
  readonly [name: string]: string | number | boolean | null;
}

/** `what` names the event. */
export interface Log {
  info(what: string, fields?: LogFields): void;
  error(what: string, fields?: LogFields): void;
}
