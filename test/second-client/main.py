"""Runs pages and visitors for the tests: one command per line of JSON on stdin, one result per line of JSON on stdout."""

import json
import sys
from pathlib import Path
from typing import Any

import vectors
from page import Page, close_action, new_client
from visitor import Visitor
from websocket import Refused, WebSocket

pages: dict[str, Page] = {}
visitors: dict[str, Visitor] = {}


def state(page: Page) -> dict[str, Any]:
    socket = page.socket
    return {
        "seq": page.seq,
        "epoch": page.epoch,
        "firstSeq": page.first_seq,
        "client": page.clients[0].hex(),
        "unsent": [len(outbox) for outbox in page.outboxes],
        "isHeld": page.is_held,
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


def run(command: dict[str, Any]) -> Any:
    name = command["command"]
    if name == "vectors":
        return vectors.check(Path(command["document"]))
    if name == "visit":
        visitors[command["visitor"]] = Visitor(command["site"])
        return None
    if "visitor" in command:
        visitor = visitors[command["visitor"]]
        result = getattr(visitor, name)(**command.get("fields", {}))
        return {**result, "cookies": visitor.cookies}
    if name == "join":
        visitor = Visitor(command["site"])
        visitor.cookies = dict(each.split("=", 1) for each in command["cookie"].split("; ") if each)
        return visitor.join(command["room"])
    return run_page(name, command)


def run_page(name: str, command: dict[str, Any]) -> Any:
    key = command["page"]
    if name == "load":
        closed = [pages.pop(each) for each in command.get("takeOver", [])]
        pages[key] = Page(new_client(), [(each.clients[0], each.outboxes[0]) for each in closed])
        return state(pages[key])
    page = pages[key]
    if name == "connect":
        try:
            page.connect(command["address"], command["credential"])
        except Refused as refused:
            return {"rejected": refused.status}
    elif name == "connect-with-version":
        page.connect(command["address"], command["credential"], command["version"])
    elif name == "open":
        page.socket = WebSocket(command["address"])
    elif name == "set-address":
        page.address = command["address"]
    elif name == "copy-clients":
        page.clients = pages[command["of"]].clients
    elif name == "set-epoch":
        page.epoch = command["epoch"]
    elif name == "reconnect":
        page.reconnect()
    elif name == "move":
        for body in command["bodies"]:
            page.move(command.get("kind", 16), body.encode())
    elif name == "send":
        page.send(command["name"], **command["values"])
    elif name == "signal":
        page.send("signal", value=bytes.fromhex(command["value"]))
    elif name == "send-raw":
        page.send_raw(bytes.fromhex(command["hex"]))
    elif name.startswith("wait-"):
        return wait(name, page, command)
    elif name != "state":
        run_socket(name, page, command)
    return state(page)


def run_socket(name: str, page: Page, command: dict[str, Any]) -> None:
    assert page.socket is not None
    if name == "send-text":
        page.socket.send(command["text"].encode(), 1)
    elif name == "send-bytes":
        page.socket.send_bytes(bytes.fromhex(command["hex"]))
    elif name == "cut":
        page.socket.cut()
    elif name == "close":
        page.socket.close()
    else:
        raise ValueError(f"no such command: {name}")


def wait(name: str, page: Page, command: dict[str, Any]) -> Any:
    if name == "wait-for-live":
        page.wait_until(lambda: page.is_live, "live")
    elif name == "wait-for-echoes":
        page.wait_until(lambda: not any(page.outboxes), "all echoes")
    elif name == "wait-for-seq":
        page.wait_until(lambda: page.seq >= command["seq"], f"entry {command['seq']}")
    elif name == "wait-for-frame":
        page.wait_until(lambda: command["name"] in page.seen, command["name"])
    elif name == "wait-for-close":
        code = page.wait_for_close()
        return {"code": code, "next": close_action(code)}
    else:
        raise ValueError(f"no such command: {name}")
    return state(page)


def main() -> None:
    for line in sys.stdin:
        try:
            result = {"ok": True, "value": run(json.loads(line))}
        except Exception as error:  # Any error is reported to the test that sent the command.
            result = {"ok": False, "why": f"{type(error).__name__}: {error}"}
        print(json.dumps(result, default=lambda value: value.hex()), flush=True)


main()
