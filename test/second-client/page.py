"""A player's page after docs/protocol.md: position, log and unsent messages over any number of connections."""

import os
import random
import time
import zlib
from collections.abc import Callable
from typing import Any

import frames
from frames import Record
from websocket import WebSocket

VERSION = 1
WAIT_SECONDS = 30.0
# P31: for this reason and higher ones, later messages would be refused, too.
REFUSED_FOR_GOOD = 4


class ProtocolError(Exception):
    """The server broke a rule of the document, or an expected frame did not arrive."""


def close_action(code: int) -> str:
    """P58: what a page does after a close code."""
    if 4200 <= code <= 4399:
        return "rejoin"
    if 4400 <= code <= 4599 or code == 1009:
        return "stop"
    return "reconnect"


class Page:
    """One loaded page; it may have taken over the messages of closed pages."""

    def __init__(self, client: bytes, taken_over: list[tuple[bytes, list[tuple[int, int, bytes]]]]) -> None:
        # P11: the page's own client id first. For each client the messages not echoed: (client seq, kind, body).
        self.clients = [client, *(closed for closed, _ in taken_over)]
        self.outboxes: list[list[tuple[int, int, bytes]]] = [[], *(list(left) for _, left in taken_over)]
        self.numbers = [0] * len(self.clients)
        self.next_seq = 1
        # For each client: the highest client seq sent over the current connection, and the next one to send.
        self.sent = [0] * len(self.clients)
        self.next_to_send = [1] * len(self.clients)
        # P53: GCRA. Seconds between messages on average, theoretical arrival time, tolerance.
        self.interval, self.arrival_at, self.tolerance = 0.0, 0.0, 0.0
        self.in_flight_max = 0
        self.is_renumbered = False
        self.log: list[Record] = []
        self.epoch = 0
        self.resume_pass = ""
        self.address = ""
        self.socket: WebSocket | None = None
        # Names of the frames of the current connection, and the last frame of each name.
        self.seen: list[str] = []
        self.frames: dict[str, dict[str, Any]] = {}
        self.refusals: list[dict[str, Any]] = []
        self.first_seq = 0
        self.is_live = False
        self.is_held = False
        self.behind_at_seq = 0
        self.drain_ms = 0

    @property
    def seq(self) -> int:
        return len(self.log)

    def connect(self, address: str, credential: str, version: int = VERSION) -> None:
        """P8, P12: opens a socket and sends the hello with the position."""
        self.address = address
        self.socket = WebSocket(address)
        self.seen, self.frames = [], {}
        self.sent, self.next_to_send = [0] * len(self.clients), [1] * len(self.clients)
        self.is_renumbered = False
        self.first_seq, self.is_live, self.is_held, self.behind_at_seq = 0, False, False, 0
        self.send("hello", version=version, credential=credential, clients=[{"id": each} for each in self.clients],
                  epoch=self.epoch, seq=self.seq)

    def reconnect(self) -> None:
        """P17, P60: connects with the pass of the last welcome, at a random time within the drain's window."""
        time.sleep(random.uniform(0, self.drain_ms) / 1_000)
        self.drain_ms = 0
        self.connect(self.address, self.resume_pass)

    def send(self, name: str, **values: Any) -> None:
        self.send_raw(frames.encode(name, **values))

    def send_raw(self, frame: bytes) -> None:
        if self.socket is not None:
            self.socket.send(frame)

    def move(self, kind: int, body: bytes) -> None:
        """Keeps the message until its echo arrives (P29)."""
        self.outboxes[0].append((self.next_seq, kind, body))
        self.next_seq += 1
        self._send_due()

    def wait_until(self, is_met: Callable[[], bool], what: str) -> None:
        """Handles frames until the condition is met; fails if the connection ends or the time is over."""
        ends = time.monotonic() + WAIT_SECONDS
        while not is_met():
            if self.socket is None or self.socket.code is not None:
                raise ProtocolError(f"closed with {self.socket and self.socket.code} while waiting for {what}")
            if time.monotonic() > ends:
                raise ProtocolError(f"{what} did not arrive; at entry {self.seq}, seen {self.seen[-5:]}")
            self.receive(0.5)

    def wait_for_close(self) -> int:
        ends = time.monotonic() + WAIT_SECONDS
        while self.socket is not None and self.socket.code is None:
            if time.monotonic() > ends:
                raise ProtocolError("it was not closed")
            self.receive(0.5)
        return (self.socket and self.socket.code) or 1006

    def receive(self, seconds: float) -> None:
        """Waits up to this long for frames and handles them."""
        assert self.socket is not None
        wait = self._send_due()
        for message in self.socket.receive(seconds if wait is None else min(wait, seconds)):
            self._on_frame(message)
            if self.is_renumbered:
                # P31: a response to frames with the old numbers could mean either message.
                self.socket.close()
                self.reconnect()
                return

    def _send_due(self) -> float | None:
        """P53: sends what the welcome allows now; returns the seconds until the next message may be sent, if one waits."""
        # Messages made before the welcome are sent after it, when it is known what the server has.
        if "welcome" not in self.frames or self.is_held:
            return None
        now = time.monotonic()
        self.arrival_at = max(self.arrival_at, now)
        free = self.in_flight_max - sum(
            client_seq < self.next_to_send[index]
            for index in range(len(self.clients)) for client_seq, _, _ in self.outboxes[index])
        # P39: those of closed pages first.
        for index in reversed(range(len(self.clients))):
            for client_seq, kind, body in self.outboxes[index]:
                if client_seq < self.next_to_send[index]:
                    continue
                wait = self.arrival_at - now - self.tolerance
                if wait > 0:
                    return wait
                if free <= 0:
                    # The next echo continues.
                    return None
                free -= 1
                self.arrival_at += self.interval
                self.next_to_send[index] = client_seq + 1
                self.sent[index] = max(self.sent[index], client_seq)
                self.send_raw(frames.encode_send(index, client_seq, kind, body))
        return None

    def _on_frame(self, message: bytes) -> None:
        # P6: a records frame has no type byte; it begins with its first record.
        if message[:1] == bytes([frames.RECORDS]):
            self.seen.append("records")
            for record in frames.decode_records(message):
                self._on_record(record)
            return
        name, values = frames.decode(message)
        if name not in frames.DOWN.values():
            raise frames.Malformed(f"a server does not send {name}")
        self.seen.append(name)
        self.frames[name] = values
        handler = getattr(self, f"_on_{name}", None)
        if handler is not None:
            handler(values)

    def _on_welcome(self, values: dict[str, Any]) -> None:
        self.resume_pass = values["pass"]
        if values["resumed"] == 0:
            self.log, self.epoch = [], 0
        for index, client in enumerate(values["clients"]):
            self.numbers[index] = client["number"]
            # P16: these are durable; their records are in the replay or in the log already.
            self.outboxes[index] = [each for each in self.outboxes[index] if each[0] > client["lastSeq"]]
        self.next_seq = max(self.next_seq, values["clients"][0]["lastSeq"] + 1)
        self.interval = 1 / values["rate"]
        self.arrival_at, self.tolerance = 0.0, (values["burst"] - 1) * self.interval
        self.in_flight_max = max(values["rate"], values["burst"])
        # If `hold` follows, all of it is sent again later (P42).
        self._send_due()

    def _on_chunk(self, values: dict[str, Any]) -> None:
        records = frames.decode_records(zlib.decompress(values["deflated"], wbits=-15))
        if [record.seq for record in records] != list(range(values["first"], values["last"] + 1)):
            raise ProtocolError(f"a chunk that does not hold {values['first']} to {values['last']}")
        for record in records:
            self._on_record(record)

    def _on_live(self, values: dict[str, Any]) -> None:
        if self.is_live or values["seq"] != self.seq:
            raise ProtocolError(f"live at {values['seq']} with entry {self.seq}")
        self.is_live = True

    def _on_hold(self, values: dict[str, Any]) -> None:
        self.is_held = values["on"] == 1
        if not self.is_held:
            self.next_to_send = [1] * len(self.clients)
            self._send_due()

    def _on_expect(self, values: dict[str, Any]) -> None:
        self.next_to_send[values["client"]] = values["next"]
        self._send_due()

    def _on_refused(self, values: dict[str, Any]) -> None:
        """P31: removes the message; later ones go down by one, or are removed with it."""
        self.refusals.append(values)
        index, client_seq = values["client"], values["clientSeq"]
        if values["reason"] >= REFUSED_FOR_GOOD:
            self.outboxes[index] = [each for each in self.outboxes[index] if each[0] < client_seq]
            self.next_to_send[index] = client_seq
            if index == 0:
                self.next_seq = client_seq
            return
        left = [(seq - 1 if seq > client_seq else seq, kind, body)
                for seq, kind, body in self.outboxes[index] if seq != client_seq]
        if len(left) == len(self.outboxes[index]):
            return
        self.outboxes[index] = left
        self.is_renumbered = self.sent[index] > client_seq
        # The message that now has the refused one's number was not sent under it.
        self.next_to_send[index] = min(self.next_to_send[index], client_seq)
        if index == 0:
            self.next_seq -= 1

    def _on_heartbeat(self, values: dict[str, Any]) -> None:
        """P50: two heartbeats in a row with a higher head, and no record in between."""
        if values["token"] != 0:
            return
        if values["seq"] > self.seq and self.behind_at_seq == self.seq:
            raise ProtocolError(f"the room is at {values['seq']}, and no record arrives")
        self.behind_at_seq = self.seq if values["seq"] > self.seq else 0

    def _on_drain(self, values: dict[str, Any]) -> None:
        self.drain_ms = values["windowMs"]

    def _on_record(self, record: Record) -> None:
        """Section 5: skips entries at or before the position, handles exactly the next one."""
        self.first_seq = self.first_seq or record.seq
        if record.seq <= self.seq:
            if self.is_live:
                raise ProtocolError(f"entry {record.seq} was sent again")
            if self.log[record.seq - 1] != record:
                raise ProtocolError(f"entry {record.seq} has changed")
            return
        if record.seq != self.seq + 1:
            raise ProtocolError(f"entry {record.seq} after {self.seq}")
        self.log.append(record)
        if record.kind == frames.EPOCH:
            self.epoch = frames.Reader(record.body).varint()
        if record.kind == frames.CLIENT and record.body in self.clients:
            self.numbers[self.clients.index(record.body)] = record.client
        if record.clientSeq > 0 and record.client in self.numbers:
            index = self.numbers.index(record.client)
            self.outboxes[index] = [each for each in self.outboxes[index] if each[0] != record.clientSeq]


def new_client() -> bytes:
    return os.urandom(16)
