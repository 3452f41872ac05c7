"""The client side of RFC 6455 as far as docs/protocol.md needs it: binary messages, no extension."""

import base64
import hashlib
import os
import select
import socket
import struct
import time
from urllib.parse import urlsplit

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
HEAD_BYTES_MAX = 16_384
CONNECT_SECONDS = 20.0


class Refused(Exception):
    """The server rejected the upgrade; `status` is the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the upgrade was rejected with {status}")
        self.status = status


class WebSocket:
    """One connection. `code` is None while it is open; 1006 if it ended without a close frame."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "ws":
            raise ValueError(f"not a WebSocket address: {address}")
        host, port = parts.hostname or "", parts.port or 80
        self.code: int | None = None
        self.reason = ""
        self.pings = 0
        self._buffer = b""
        self._message = b""
        self._tcp = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
        self._tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._handshake(f"{host}:{port}", parts.path)

    def _handshake(self, host: str, path: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._tcp.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            data = self._tcp.recv(4096)
            if not data or len(self._buffer) > HEAD_BYTES_MAX:
                raise ConnectionError("the server closed during the handshake")
            self._buffer += data
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        if status != 101:
            self._tcp.close()
            raise Refused(status)
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        wanted = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        if fields.get("sec-websocket-accept") != wanted:
            raise ConnectionError("the server sent a wrong Sec-WebSocket-Accept")
        if "sec-websocket-extensions" in fields:
            raise ConnectionError("the server accepted an extension that was not offered")

    def send(self, payload: bytes, opcode: int = BINARY) -> None:
        """Sends one message. On a closed connection it is lost, as on any network."""
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65_536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        repeated = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        self.send_bytes(head + mask + masked)

    def send_bytes(self, data: bytes) -> None:
        """Writes bytes that need not be a WebSocket frame."""
        try:
            self._tcp.sendall(data)
        except OSError:
            # The server's last bytes, such as its close code, can still be read.
            pass

    def receive(self, seconds: float) -> list[bytes]:
        """Waits up to this long for data, and returns the binary messages that are complete then."""
        messages = self._complete()
        if messages or self.code is not None:
            return messages
        until = time.monotonic() + seconds
        while not messages and self.code is None:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._tcp], [], [], left)[0]:
                break
            try:
                data = self._tcp.recv(65_536)
            except OSError:
                data = b""
            if not data:
                self._end(1006)
                break
            self._buffer += data
            messages = self._complete()
        return messages

    def cut(self) -> None:
        """Resets the connection: no close frame is sent, and data in flight is not read."""
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._end(1006)

    def close(self) -> None:
        """Closes the connection with a close frame."""
        if self.code is None:
            self.send(struct.pack("!H", 1000), CLOSE)
            self._end(1000)

    def _end(self, code: int) -> None:
        if self.code is None:
            self.code = code
        self._tcp.close()

    def _complete(self) -> list[bytes]:
        messages = []
        while self.code is None:
            frame = self._frame()
            if frame is None:
                break
            final, opcode, payload = frame
            if opcode == CLOSE:
                self.code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                self.reason = payload[2:].decode()
                self.send(payload[:2], CLOSE)
                self._tcp.close()
            elif opcode == PING:
                self.pings += 1
                self.send(payload, PONG)
            elif opcode in (CONTINUATION, BINARY):
                self._message += payload
                if final:
                    messages.append(self._message)
                    self._message = b""
            elif opcode != PONG:
                raise ConnectionError(f"the server sent a message of the kind {opcode}")
        return messages

    def _frame(self) -> tuple[bool, int, bytes] | None:
        data = self._buffer
        if len(data) < 2:
            return None
        if data[0] & 0x70 or data[1] & 0x80:
            raise ConnectionError("the server set a reserved bit or the mask bit")
        size, at = data[1] & 0x7F, 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(data[2:10], "big"), 10
        if len(data) < at or len(data) < at + size:
            return None
        self._buffer = data[at + size :]
        return bool(data[0] & 0x80), data[0] & 0x0F, data[at : at + size]
