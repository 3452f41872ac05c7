"""A player's page after docs/protocol.md: position, log and unsent messages over any number of connections."""

import json
import os
import random
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import frames
from frames import Record
from websocket import WebSocket

VERSION = 1
WAIT_SECONDS = 30.0
# P31: after these reasons what is behind would fare no better.
REFUSED_FOR_GOOD = 4


class LostThread(Exception):
    """The server broke the order, or this page did: it may only come back with its position."""


def join(site: str, cookie: str, room: str) -> dict[str, Any]:
    """The join call; `socket` in the answer is made a full address."""
    request = urllib.request.Request(
        urljoin(site, f"/api/rooms/{room}/join"),
        data=b"{}",
        headers={"Content-Type": "application/json", "Origin": site.rstrip("/"), "Cookie": cookie},
    )
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        if error.code != 429 and error.code < 500:
            raise
        return {"ok": False, "code": str(error.code), "then": "retry"}
    if answer["ok"]:
        answer["socket"] = urljoin(site, answer["socket"])
        answer["socket"] = urlsplit(answer["socket"])._replace(scheme="ws").geturl()
    return answer


def what_now(code: int) -> str:
    """P58: what a page does after a close code."""
    if 4200 <= code <= 4399:
        return "join"
    if 4400 <= code <= 4599 or code == 1009:
        return "stop"
    return "again"


class Page:
    """One loaded page, or one that took over the messages of pages that are gone."""

    def __init__(self, client: bytes, taken_over: list[tuple[bytes, list[tuple[int, int, bytes]]]]) -> None:
        # P11: its own first. For each the messages not seen echoed: (client seq, kind, body).
        self.clients = [client, *(gone for gone, _ in taken_over)]
        self.outboxes: list[list[tuple[int, int, bytes]]] = [[], *(list(left) for _, left in taken_over)]
        self.numbers = [0] * len(self.clients)
        self.next_seq = 1
        # The highest client seq sent over the present connection, and the next one to send.
        self.sent = [0] * len(self.clients)
        self.due = [1] * len(self.clients)
        # P53: seconds between messages in the long run, where sends would be at that, and how far ahead they may run.
        self.spacing, self.paced_at, self.ahead = 0.0, 0.0, 0.0
        self.under_way_max = 0
        self.renumbered = False
        self.log: list[Record] = []
        self.epoch = 0
        self.resume_pass = ""
        self.address = ""
        self.socket: WebSocket | None = None
        self.seen: list[str] = []
        self.frames: dict[str, dict[str, Any]] = {}
        self.refusals: list[dict[str, Any]] = []
        self.first_seq = 0
        self.live = False
        self.held = False
        self.beat_seq = 0
        self.drain_ms = 0

    @property
    def seq(self) -> int:
        return len(self.log)

    def connect(self, address: str, credential: str, version: int = VERSION) -> None:
        """P8, P12: opens a socket and says hello with the position."""
        self.address = address
        self.socket = WebSocket(address)
        self.seen, self.frames = [], {}
        self.sent, self.due = [0] * len(self.clients), [1] * len(self.clients)
        self.renumbered = False
        self.first_seq, self.live, self.held, self.beat_seq = 0, False, False, 0
        self.say("hello", version=version, credential=credential, clients=[{"id": each} for each in self.clients],
                 epoch=self.epoch, seq=self.seq)

    def again(self) -> None:
        """P17, P60: back with the pass of the last welcome, within a random moment of the drain's window."""
        time.sleep(random.uniform(0, self.drain_ms) / 1_000)
        self.drain_ms = 0
        self.connect(self.address, self.resume_pass)

    def say(self, name: str, **values: Any) -> None:
        self.raw(frames.encode(name, **values))

    def raw(self, frame: bytes) -> None:
        if self.socket is not None:
            self.socket.send(frame)

    def move(self, kind: int, body: bytes) -> None:
        """Kept until its echo came (P29)."""
        self.outboxes[0].append((self.next_seq, kind, body))
        self.next_seq += 1
        self._pump()

    def until(self, met: Callable[[], bool], what: str) -> None:
        """Takes what comes until it is so; fails when the connection ends or nothing more comes."""
        ends = time.monotonic() + WAIT_SECONDS
        while not met():
            if self.socket is None or self.socket.code is not None:
                raise LostThread(f"closed with {self.socket and self.socket.code} while waiting for {what}")
            if time.monotonic() > ends:
                raise LostThread(f"{what} did not come; at entry {self.seq}, seen {self.seen[-5:]}")
            self.take_all(0.5)

    def until_closed(self) -> int:
        ends = time.monotonic() + WAIT_SECONDS
        while self.socket is not None and self.socket.code is None:
            if time.monotonic() > ends:
                raise LostThread("it was not closed")
            self.take_all(0.5)
        return (self.socket and self.socket.code) or 1006

    def take_all(self, seconds: float) -> None:
        assert self.socket is not None
        wait = self._pump()
        for message in self.socket.receive(seconds if wait is None else min(wait, seconds)):
            self._take(message)
            if self.renumbered:
                # P31: answers to frames under the old numbers could mean either.
                self.socket.close()
                self.again()
                return

    def _pump(self) -> float | None:
        """P53: sends what is due as fast as the welcome allows; answers the seconds until the next may go, if one waits."""
        # Messages made before the welcome go out behind it, when it is known what the server has.
        if "welcome" not in self.frames or self.held:
            return None
        now = time.monotonic()
        self.paced_at = max(self.paced_at, now)
        free = self.under_way_max - sum(
            client_seq < self.due[place]
            for place in range(len(self.clients)) for client_seq, _, _ in self.outboxes[place])
        # P39: those of pages that are gone first.
        for place in reversed(range(len(self.clients))):
            for client_seq, kind, body in self.outboxes[place]:
                if client_seq < self.due[place]:
                    continue
                wait = self.paced_at - now - self.ahead
                if wait > 0:
                    return wait
                if free <= 0:
                    # The next echo goes on.
                    return None
                free -= 1
                self.paced_at += self.spacing
                self.due[place] = client_seq + 1
                self.sent[place] = max(self.sent[place], client_seq)
                self.raw(frames.encode_send(place, client_seq, kind, body))
        return None

    def _take(self, message: bytes) -> None:
        if message[:1] == bytes([frames.RECORDS]):
            self.seen.append("records")
            for record in frames.decode_records(message):
                self._record(record)
            return
        name, values = frames.decode(message)
        if name not in frames.DOWN.values():
            raise frames.Malformed(f"a server does not say {name}")
        self.seen.append(name)
        self.frames[name] = values
        handler = getattr(self, f"_on_{name}", None)
        if handler is not None:
            handler(values)

    def _on_welcome(self, values: dict[str, Any]) -> None:
        self.resume_pass = values["pass"]
        if values["resumed"] == 0:
            self.log, self.epoch = [], 0
        for place, client in enumerate(values["clients"]):
            self.numbers[place] = client["number"]
            # P16: these are durable; their records come by replay, or are here.
            self.outboxes[place] = [each for each in self.outboxes[place] if each[0] > client["lastSeq"]]
        self.next_seq = max(self.next_seq, values["clients"][0]["lastSeq"] + 1)
        self.spacing = 1 / values["rate"]
        self.paced_at, self.ahead = 0.0, (values["burst"] - 1) * self.spacing
        self.under_way_max = max(values["rate"], values["burst"])
        # If `hold` follows, all of it is said again (P42).
        self._pump()

    def _on_chunk(self, values: dict[str, Any]) -> None:
        records = frames.decode_records(zlib.decompress(values["deflated"], wbits=-15))
        if [record.seq for record in records] != list(range(values["first"], values["last"] + 1)):
            raise LostThread(f"a chunk that does not hold {values['first']} to {values['last']}")
        for record in records:
            self._record(record)

    def _on_live(self, values: dict[str, Any]) -> None:
        if self.live or values["seq"] != self.seq:
            raise LostThread(f"live at {values['seq']} with entry {self.seq}")
        self.live = True

    def _on_hold(self, values: dict[str, Any]) -> None:
        self.held = values["on"] == 1
        if not self.held:
            self.due = [1] * len(self.clients)
            self._pump()

    def _on_expect(self, values: dict[str, Any]) -> None:
        self.due[values["client"]] = values["next"]
        self._pump()

    def _on_refused(self, values: dict[str, Any]) -> None:
        """P31: it is taken out, and those behind it move up, or go with it."""
        self.refusals.append(values)
        place, client_seq = values["client"], values["clientSeq"]
        if values["reason"] >= REFUSED_FOR_GOOD:
            self.outboxes[place] = [each for each in self.outboxes[place] if each[0] < client_seq]
            self.due[place] = client_seq
            if place == 0:
                self.next_seq = client_seq
            return
        behind = [(seq - 1 if seq > client_seq else seq, kind, body)
                  for seq, kind, body in self.outboxes[place] if seq != client_seq]
        if len(behind) == len(self.outboxes[place]):
            return
        self.outboxes[place] = behind
        self.renumbered = self.sent[place] > client_seq
        # One that moved up to the refused one's number was not sent under it.
        self.due[place] = min(self.due[place], client_seq)
        if place == 0:
            self.next_seq -= 1

    def _on_heartbeat(self, values: dict[str, Any]) -> None:
        """P50: two beats with the same head beyond what is here."""
        if values["token"] != 0:
            return
        if values["seq"] > self.seq and self.beat_seq == self.seq:
            raise LostThread(f"the room is at {values['seq']}, and nothing comes")
        self.beat_seq = self.seq if values["seq"] > self.seq else 0

    def _on_drain(self, values: dict[str, Any]) -> None:
        self.drain_ms = values["windowMs"]

    def _record(self, record: Record) -> None:
        """Below or at the position it skips, exactly one above it takes."""
        self.first_seq = self.first_seq or record.seq
        if record.seq <= self.seq:
            if self.live:
                raise LostThread(f"entry {record.seq} came again")
            if self.log[record.seq - 1] != record:
                raise LostThread(f"entry {record.seq} is another one now")
            return
        if record.seq != self.seq + 1:
            raise LostThread(f"entry {record.seq} came after {self.seq}")
        self.log.append(record)
        if record.kind == frames.EPOCH:
            self.epoch = frames.Reader(record.body).varint()
        if record.kind == frames.CLIENT and record.body in self.clients:
            self.numbers[self.clients.index(record.body)] = record.client
        if record.clientSeq > 0 and record.client in self.numbers:
            place = self.numbers.index(record.client)
            self.outboxes[place] = [each for each in self.outboxes[place] if each[0] != record.clientSeq]


def new_client() -> bytes:
    return os.urandom(16)
