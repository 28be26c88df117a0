"""A real HTTP server on loopback that answers as told, down to the way a connection ends."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

JSON = "application/json"


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    headers: dict[str, str]
    body: str

    @property
    def path(self) -> str:
        return self.target.split("?")[0].removeprefix("/api/3")


@dataclass(frozen=True)
class Say:
    """Answer; with `cut`, `Content-Length` promises more bytes than come."""

    status: int
    content: object = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = JSON
    cut: int = 0


@dataclass(frozen=True)
class Reset:
    """End the connection with a reset, before anything of the request is read or after all of it."""

    after_reading: bool


class Silence:
    """Read the request and never answer."""


Step = Say | Reset | Silence


@dataclass
class Scripted:
    """The server's address, what it saw, and the steps it still has to take; afterwards `then`."""

    steps: list[Step]
    then: Callable[[Seen], Step]
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def planned(self) -> Step | None:
        with self.lock:
            return self.steps.pop(0) if self.steps else None


@contextmanager
def scripted(*steps: Step, then: Callable[[Seen], Step] | Step = Say(200, {})) -> Iterator[Scripted]:
    """Run a server that takes `steps`, one for each request, and then `then`."""
    script = Scripted(list(steps), then if callable(then) else lambda _: then)

    class Server(socketserver.ThreadingTCPServer):
        request_queue_size = 64

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.connection.recv(1, socket.MSG_PEEK) and _serve_one(self, script):
                pass

    with Server(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


def _serve_one(handler: socketserver.StreamRequestHandler, script: Scripted) -> bool:
    """Answer one request; whether the connection stays open."""
    step = script.planned()
    if isinstance(step, Reset) and not step.after_reading:
        script.seen.append(Seen("", "", {}, ""))
        return _reset(handler)
    request = _read(handler)
    script.seen.append(request)
    step = step or script.then(request)
    match step:
        case Reset():
            return _reset(handler)
        case Silence():
            handler.connection.recv(1)
            return False
        case Say():
            _write(handler, step)
            return not step.cut
    raise AssertionError(step)


def _read(handler: socketserver.StreamRequestHandler) -> Seen:
    method, target, _ = handler.rfile.readline().decode().split(" ", 2)
    headers = {}
    while line := handler.rfile.readline().decode().strip():
        name, value = line.split(":", 1)
        headers[name.lower()] = value.strip()
    body = handler.rfile.read(int(headers.get("content-length", "0"))).decode()
    return Seen(method, target, headers, body)


def _write(handler: socketserver.StreamRequestHandler, say: Say) -> None:
    body = say.content if isinstance(say.content, bytes) else json.dumps(say.content).encode()
    lines = [f"HTTP/1.1 {say.status} Told", f"Content-Length: {len(body) + say.cut}"]
    lines += [f"Content-Type: {say.content_type}"] if say.content_type else []
    lines += [f"{name}: {value}" for name, value in say.headers.items()]
    handler.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)


def _reset(handler: socketserver.StreamRequestHandler) -> bool:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False
