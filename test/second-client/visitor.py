"""A visitor of the site after section 14 of docs/protocol.md: from nothing to a ticket over HTTP."""

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TIMEOUT_SECONDS = 30.0


class Visitor:
    """One device: keeps its cookies and sends them with every request (P65)."""

    def __init__(self, site: str) -> None:
        self.site = site.rstrip("/")
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
        """Status, `Location` and body of the response. Redirects are not followed."""
        parts = urlsplit(self.site)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Origin": self.site, "Cookie": cookies} | {name.replace("_", "-"): text for name, text in headers.items()}
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            text = response.read().decode("utf-8")
            for line in response.headers.get_all("Set-Cookie", []):
                name, _, value = line.split(";")[0].partition("=")
                self.cookies[name.strip()] = value.strip()
            return {"status": response.status, "location": response.headers["Location"], "body": text}
        finally:
            connection.close()

    def form(self, path: str, **fields: str) -> dict[str, Any]:
        return self.request("POST", path, urlencode(fields).encode(), Content_Type=FORM)

    def free_game(self, game: str) -> dict[str, Any]:
        """P66"""
        return self.form(f"/games/{game}/free")

    def enter(self, secret: str, **wish: str) -> dict[str, Any]:
        """P67"""
        return self.form(f"/join/{secret}/enter", **wish)

    def watch(self, secret: str) -> dict[str, Any]:
        """P68"""
        return self.form(f"/join/{secret}/watch")

    def state(self, secret: str) -> dict[str, Any]:
        """P69"""
        response = self.request("GET", f"/join/{secret}/state")
        return {"status": response["status"], **json.loads(response["body"])}

    def claim(self, secret: str, seat: int) -> dict[str, Any]:
        """P69"""
        return self.form(f"/join/{secret}/claim", seat=str(seat))

    def join(self, room: str, body: str = "{}", **headers: str) -> dict[str, Any]:
        """P70, P71: the join call. `socket` in the result is a full address, `next` is always there."""
        try:
            response = self.request("POST", f"/api/rooms/{room}/join", body.encode(), **({"Content_Type": JSON} | headers))
        except OSError as error:
            return {"ok": False, "code": str(error), "next": "retry"}
        status = response["status"]
        try:
            result = json.loads(response["body"])
        except ValueError:
            result = {"ok": False, "code": str(status)}
        if result["ok"]:
            address = urlsplit(urljoin(self.site, result["socket"]))
            scheme = {"http": "ws", "https": "wss"}.get(address.scheme, address.scheme)
            return {**result, "socket": address._replace(scheme=scheme).geturl()}
        by_status = "retry" if status == 429 or status >= 500 else "stop"
        return {"status": status, "next": result.get("then", by_status), **result}
