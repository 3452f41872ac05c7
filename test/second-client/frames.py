"""Encodes and decodes the frames of docs/protocol.md, sections 1 to 11, both ways."""

from dataclasses import dataclass
from typing import Any

NUMBER_MAX = 2**53 - 1
VARINT_BYTES_MAX = 8
LIST_MAX = 256
RECORDS, SEND = 0x01, 0x21
OPEN, EPOCH, SEAT, CLIENT, FINISH, PAUSE, RESUME, NOTICE, MOVE, CHAT, NOTE = 1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18
PERSONAL, EXTRA, FORBIDDEN = 0x20, 0x40, 0x80
PERSONAL_KINDS = {CHAT, NOTE}

# Name -> (type byte, fields in order). In place of a type, a list of fields means a list of such items.
Fields = list[tuple[str, Any]]
FRAMES: dict[str, tuple[int, Fields]] = {
    "hello": (
        0x20,
        [
            ("version", "varint"),
            ("credential", "text"),
            ("clients", [("id", "id")]),
            ("epoch", "varint"),
            ("seq", "varint"),
        ],
    ),
    "signal": (0x22, [("value", "bytes")]),
    "ping": (0x23, [("token", "varint")]),
    "welcome": (
        0x40,
        [
            ("version", "varint"),
            ("resumed", "varint"),
            ("epoch", "varint"),
            ("seq", "varint"),
            ("seat", "varint"),
            ("role", "varint"),
            ("clients", [("number", "varint"), ("lastSeq", "varint")]),
            ("pass", "text"),
            ("roomMs", "varint"),
            ("heartbeatMs", "varint"),
            ("rate", "varint"),
            ("burst", "varint"),
            ("bodyMax", "varint"),
        ],
    ),
    "chunk": (0x41, [("first", "varint"), ("last", "varint"), ("deflated", "bytes")]),
    "live": (0x42, [("seq", "varint")]),
    "heartbeat": (0x43, [("epoch", "varint"), ("seq", "varint"), ("roomMs", "varint"), ("token", "varint")]),
    "signals": (0x44, [("changed", [("seat", "varint"), ("value", "bytes")])]),
    "presence": (
        0x45,
        [
            ("seats", [("seat", "varint"), ("name", "text"), ("colour", "text"), ("online", "varint")]),
            ("observers", "varint"),
        ],
    ),
    "hold": (0x46, [("on", "varint")]),
    "expect": (0x47, [("client", "varint"), ("next", "varint")]),
    "refused": (0x48, [("client", "varint"), ("clientSeq", "varint"), ("reason", "varint")]),
    "drain": (0x49, [("windowMs", "varint")]),
}
DOWN = {type_byte: name for name, (type_byte, _) in FRAMES.items() if type_byte >= 0x40}


class Malformed(Exception):
    """Bytes that this protocol does not allow."""


@dataclass(frozen=True)
class Record:
    """P5. `kind` is without the flags."""

    kind: int
    seq: int
    ms: int
    seat: int
    client: int
    clientSeq: int
    body: bytes


class Reader:
    """Reads values sequentially; raises Malformed for values that are incomplete or not allowed."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def at_end(self) -> bool:
        return self.at == len(self.data)

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise Malformed("the frame is too short")
        self.at += size
        return self.data[self.at - size : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        value = 0
        for index in range(VARINT_BYTES_MAX):
            byte = self.byte()
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if value > NUMBER_MAX:
                    break
                return value
        raise Malformed("a number too large")

    def bytes(self) -> bytes:
        return self.take(self.varint())

    def text(self) -> str:
        try:
            return self.bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("invalid UTF-8") from error


def varint(value: int) -> bytes:
    if not 0 <= value <= NUMBER_MAX:
        raise ValueError(f"{value} cannot be a varint")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def with_length(data: bytes) -> bytes:
    return varint(len(data)) + data


def encode(name: str, **values: Any) -> bytes:
    type_byte, fields = FRAMES[name]
    return bytes([type_byte]) + _encode_fields(fields, values)


def _encode_fields(fields: Fields, values: dict[str, Any]) -> bytes:
    if set(values) != {name for name, _ in fields}:
        raise ValueError(f"wrong fields: {sorted(values)}")
    return b"".join(_encode_value(kind, values[name]) for name, kind in fields)


def _encode_value(kind: Any, value: Any) -> bytes:
    if kind == "varint":
        return varint(value)
    if kind == "text":
        return with_length(value.encode("utf-8"))
    if kind == "bytes":
        return with_length(value)
    if kind == "id":
        return value
    return varint(len(value)) + b"".join(_encode_fields(kind, item) for item in value)


def decode(frame: bytes) -> tuple[str, dict[str, Any]]:
    """Decodes a control frame of either side: its name and its fields (P4)."""
    reader = Reader(frame)
    type_byte = reader.byte()
    name = next((each for each, (byte, _) in FRAMES.items() if byte == type_byte), None)
    if name is None:
        raise Malformed(f"no frame begins with {type_byte}")
    values = _decode_fields(FRAMES[name][1], reader)
    if not reader.at_end:
        raise Malformed(f"{name} is too long")
    return name, values


def _decode_fields(fields: Fields, reader: Reader) -> dict[str, Any]:
    return {name: _decode_value(kind, reader) for name, kind in fields}


def _decode_value(kind: Any, reader: Reader) -> Any:
    if kind == "varint":
        return reader.varint()
    if kind == "text":
        return reader.text()
    if kind == "bytes":
        return reader.bytes()
    if kind == "id":
        return reader.take(16)
    count = reader.varint()
    if count > LIST_MAX:
        raise Malformed("a list too long")
    return [_decode_fields(kind, reader) for _ in range(count)]


def encode_send(client: int, client_seq: int, kind: int, body: bytes) -> bytes:
    return bytes([SEND]) + varint(client) + varint(client_seq) + bytes([kind]) + body


def decode_send(frame: bytes) -> dict[str, Any]:
    reader = Reader(frame)
    if reader.byte() != SEND:
        raise Malformed("not a send")
    client, client_seq, kind = reader.varint(), reader.varint(), reader.byte()
    return {"client": client, "clientSeq": client_seq, "kind": kind, "body": frame[reader.at :]}


def encode_record(record: Record) -> bytes:
    flags = PERSONAL if record.kind in PERSONAL_KINDS else 0
    numbers = (record.seq, record.ms, record.seat, record.client, record.clientSeq)
    head = bytes([1, record.kind | flags]) + b"".join(varint(number) for number in numbers)
    return head + with_length(record.body)


def decode_records(data: bytes) -> list[Record]:
    """Decodes concatenated records, such as a whole records frame (P5, P6)."""
    reader = Reader(data)
    records = []
    while not reader.at_end:
        version, kind = reader.byte(), reader.byte()
        if version != 1 or kind & FORBIDDEN:
            raise Malformed("a record that this client cannot read")
        seq, ms, seat, client, client_seq = (reader.varint() for _ in range(5))
        if kind & EXTRA:
            reader.bytes()
        records.append(Record(kind & 0x1F, seq, ms, seat, client, client_seq, reader.bytes()))
    return records
