/**
 * Declares a control message: its name, its type byte and its fields in order. The TypeScript type, the
 * encoder, the decoder and the message's line in the schema are derived from the declaration; a test
 * compares the schema's hash with that of the protocol version.
 *
 * A decoder returns null for anything that is not exactly this message: too short, too long, invalid
 * UTF-8, a number over 2^53 - 1. Bytes after the last field are rejected, so a changed message
 * needs a new protocol version.
 */
import { Reader, Writer } from './bytes.ts';

export { ID_BYTES } from './bytes.ts';

/** Each type has the name of the Reader and Writer methods for it. A list holds up to LIST_MAX items with the given fields. */
export type FieldType = 'varint' | 'text' | 'bytes' | 'id' | readonly [Fields];
export type Fields = { readonly [name: string]: FieldType };

type ValueOf<F extends FieldType> = F extends 'varint'
  ? number
  : F extends 'text'
    ? string
    : F extends 'bytes' | 'id'
      ? Uint8Array
      : F extends readonly [infer Item extends Fields]
        ? ValuesOf<Item>[]
        : never;
export type ValuesOf<F extends Fields> = { -readonly [K in keyof F]: ValueOf<F[K]> };

export interface Message<F extends Fields> {
  readonly name: string;
  /** The type byte: the first byte of the frame. */
  readonly type: number;
  readonly fields: F;
  encode(values: ValuesOf<F>): Uint8Array<ArrayBuffer>;
  decode(frame: Uint8Array): ValuesOf<F> | null;
}

/** Maximum number of items in a list field. */
export const LIST_MAX = 256;

export function message<const F extends Fields>(name: string, type: number, fields: F): Message<F> {
  return {
    name,
    type,
    fields,
    encode(values) {
      const writer = new Writer().byte(type);
      writeFields(writer, fields, values);
      return writer.done();
    },
    decode(frame) {
      const reader = new Reader(frame);
      if (reader.byte() !== type) return null;
      const values = readFields(reader, fields);
      return reader.failed || !reader.atEnd ? null : (values as ValuesOf<F>);
    },
  };
}

/** Returns the message's line in the schema. */
export function describe(declared: Message<Fields>): string {
  return `${declared.type.toString(16).padStart(2, '0')} ${declared.name}(${fieldList(declared.fields)})`;
}

function fieldList(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, type]) => `${name}:${typeof type === 'string' ? type : `[${fieldList(type[0])}]`}`)
    .join(', ');
}

function writeFields(writer: Writer, fields: Fields, values: { [name: string]: unknown }): void {
  for (const [name, type] of Object.entries(fields)) {
    if (typeof type === 'string') {
      writer[type](values[name] as never);
      continue;
    }
    const items = values[name] as { [name: string]: unknown }[];
    if (items.length > LIST_MAX) throw new RangeError(`${name}: more than ${LIST_MAX} items`);
    writer.varint(items.length);
    for (const item of items) writeFields(writer, type[0], item);
  }
}

function readFields(reader: Reader, fields: Fields): { [name: string]: unknown } {
  const values: { [name: string]: unknown } = {};
  for (const [name, type] of Object.entries(fields)) {
    values[name] = typeof type === 'string' ? reader[type]() : readList(reader, type[0]);
  }
  return values;
}

function readList(reader: Reader, item: Fields): unknown[] {
  const length = reader.varint();
  if (length > LIST_MAX) reader.failed = true;
  const items: unknown[] = [];
  while (items.length < length && !reader.failed) items.push(readFields(reader, item));
  return items;
}
