"""A gateway before an account that writes every id as a number, as some answers of the service have been seen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

_IDS = {"id", "contact", "list", "listid", "tag", "field", "fieldid", "owner", "status", "total"}


@contextmanager
def ids_as_numbers(url: str) -> Iterator[str]:
    """Pass requests on to `url`; yield the address to ask instead."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            """Ask on behalf of the caller, and renumber the answer."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            passed = {name: value for name, value in self.headers.items() if name in ("Api-Token", "Content-Type")}
            answer = httpx.request(
                self.command, url + self.path, content=body, headers=passed, trust_env=False, verify=False
            )
            sent = json.dumps(_renumbered(answer.json())).encode() if answer.content else b""
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815  (names of the library)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _renumbered(value: Any, key: str = "") -> Any:
    match value:
        case dict():
            return {name: _renumbered(inner, name) for name, inner in value.items()}
        case list():
            return [_renumbered(inner) for inner in value]
        case str() if key in _IDS and value.isascii() and value.isdigit():
            return int(value)
        case _:
            return value
