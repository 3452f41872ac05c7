"""Decodes and encodes every byte sequence of section 15 of docs/protocol.md."""

import json
import re
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import frames


def check(document: Path) -> list[str]:
    """Returns the names of the blocks in order; fails at the first block that is decoded or encoded differently."""
    text = document.read_text("utf-8")
    names = []
    for block in re.findall(r"```vector\n(.*?)\n```", text, re.DOTALL):
        name, values, *lines = block.split("\n")
        frame = bytes.fromhex("".join(lines))
        _check_one(name, json.loads(values), frame)
        names.append(name)
    inflated = re.search(r"```inflated\n(.*?)\n```", text, re.DOTALL)
    chunk = re.search(r"```vector\nchunk\n(.*?)\n", text)
    if inflated is None or chunk is None:
        raise AssertionError("the document has no chunk with its inflated records")
    found = zlib.decompress(bytes.fromhex(json.loads(chunk[1])["deflated"]), wbits=-15)
    assert found == bytes.fromhex(inflated[1]), "the chunk does not hold the records shown below it"
    names.append("inflated")
    return names


def _check_one(name: str, values: dict[str, Any], frame: bytes) -> None:
    read_only = name.endswith(" read-only")
    kind = name.removesuffix(" read-only")
    if kind == "records":
        records = frames.decode_records(frame)
        found: Any = {"records": [asdict(record) for record in records]}
        written = b"".join(frames.encode_record(record) for record in records)
    elif kind == "record":
        (record,) = frames.decode_records(frame)
        found = asdict(record)
        written = frames.encode_record(record)
    elif kind == "send":
        found = frames.decode_send(frame)
        written = frames.encode_send(found["client"], found["clientSeq"], found["kind"], found["body"])
    else:
        read_name, found = frames.decode(frame)
        assert read_name == kind, f"{kind} was decoded as {read_name}"
        written = frames.encode(kind, **found)
    assert _in_hex(found) == values, f"{name} was decoded as {found}"
    assert read_only or written == frame, f"{name} was encoded as {written.hex(' ')}"


def _in_hex(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_in_hex(item) for item in value]
    if isinstance(value, dict):
        return {name: _in_hex(item) for name, item in value.items()}
    return value
