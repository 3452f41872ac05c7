"""Plays pages as it is told: one command in a line of JSON, one answer in a line of JSON."""

import json
import sys
from pathlib import Path
from typing import Any

import vectors
from page import Page, join, new_client, what_now
from websocket import Refused, WebSocket

pages: dict[str, Page] = {}


def state(page: Page) -> dict[str, Any]:
    socket = page.socket
    return {
        "seq": page.seq,
        "epoch": page.epoch,
        "firstSeq": page.first_seq,
        "client": page.clients[0].hex(),
        "unsent": [len(outbox) for outbox in page.outboxes],
        "held": page.held,
        "seen": page.seen,
        "refusals": page.refusals,
        "welcome": page.frames.get("welcome"),
        "presence": page.frames.get("presence"),
        "expect": page.frames.get("expect"),
        "heartbeat": page.frames.get("heartbeat"),
        "drainMs": page.drain_ms,
        "code": socket.code if socket else None,
        "log": [[r.seq, r.kind, r.ms, r.seat, r.client, r.clientSeq, r.body.hex()] for r in page.log],
        "signals": [[each["seat"], each["value"].hex()] for each in page.frames.get("signals", {}).get("changed", [])],
    }


def do(command: dict[str, Any]) -> Any:
    what = command["do"]
    if what == "vectors":
        return vectors.check(Path(command["document"]))
    if what == "join":
        return join(command["site"], command["cookie"], command["room"])
    name = command["page"]
    if what == "load":
        gone = [pages.pop(each) for each in command.get("takeOver", [])]
        pages[name] = Page(new_client(), [(each.clients[0], each.outboxes[0]) for each in gone])
        return state(pages[name])
    page = pages[name]
    if what == "connect":
        try:
            page.connect(command["address"], command["credential"])
        except Refused as refused:
            return {"declined": refused.status}
    elif what == "greet":
        page.connect(command["address"], command["credential"], command["version"])
    elif what == "open":
        page.socket = WebSocket(command["address"])
    elif what == "moved":
        page.address = command["address"]
    elif what == "twin":
        page.clients = pages[command["of"]].clients
    elif what == "again":
        page.again()
    elif what == "live":
        page.until(lambda: page.live, "live")
    elif what == "move":
        for body in command["bodies"]:
            page.move(command.get("kind", 16), body.encode())
    elif what == "echoed":
        page.until(lambda: not any(page.outboxes), "all echoes")
    elif what == "has":
        page.until(lambda: page.seq >= command["seq"], f"entry {command['seq']}")
    elif what == "frame":
        page.until(lambda: command["name"] in page.seen, command["name"])
    elif what == "say":
        page.say(command["name"], **command["values"])
    elif what == "signal":
        page.say("signal", value=bytes.fromhex(command["value"]))
    elif what == "raw":
        page.raw(bytes.fromhex(command["hex"]))
    elif what == "text":
        assert page.socket is not None
        page.socket.send(command["text"].encode(), 1)
    elif what == "drop":
        assert page.socket is not None
        page.socket.drop()
    elif what == "leave":
        assert page.socket is not None
        page.socket.close()
    elif what == "pretend":
        page.epoch = command["epoch"]
    elif what == "closed":
        code = page.until_closed()
        return {"code": code, "next": what_now(code)}
    elif what != "state":
        raise ValueError(f"no such command: {what}")
    return state(page)


def main() -> None:
    for line in sys.stdin:
        try:
            answer = {"ok": True, "value": do(json.loads(line))}
        except Exception as error:  # Whatever it is: the test that asked is to see it.
            answer = {"ok": False, "why": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=lambda value: value.hex()), flush=True)


main()
