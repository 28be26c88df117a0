"""The wire between client and service: it keeps what passes, and lets something happen at a moment of an exchange."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

T = TypeVar("T")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_USER = re.compile(r"^u(\d+)\.\d+@")


class Moment(IntEnum):
    """How far an exchange got."""

    ARRIVED = 0
    """The service has not seen the request."""
    UNDER_WAY = 1
    """The service has all of it, and its effect will take place."""
    ANSWERED = 2
    """The service answered; the client has nothing of it."""
    DELIVERED = 3
    """The answer is in the client's socket."""
    ENDED = 4
    """As delivered, or the connection ended."""


@dataclass
class Exchange:
    """One request. `about` says what it would repeat: a user's identify, or method, path and body of anything else."""

    method: str
    path: str
    about: str
    moment: Moment = Moment.ARRIVED
    success: bool = False
    """Whether the service answered with a whole 2xx, JSON, no X-Ac-Error, be it to a client that is gone."""

    @property
    def writes(self) -> bool:
        """Whether it is meant to change anything."""
        return self.method != "GET"


@dataclass
class Wire:
    """Passes everything on to `port`, ends of connections included; clients find it at `own_port`."""

    port: int
    own_port: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    """Since the last `forget`."""
    on_delivery: Callable[[], None] = lambda: None
    """Is called before each answer is delivered."""
    _actions: dict[tuple[int, Moment], tuple[float, Callable[[], None]]] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def forget(self) -> None:
        """Count requests from 0, and let nothing happen any more."""
        self.exchanges, self._actions = [], {}

    def at(self, number: int, moment: Moment, action: Callable[[], None], after: float = 0.0) -> None:
        """Do something when that request, counted from 1, gets that far, or `after` seconds later."""
        self._actions[number, moment] = (after, action)

    def open(self) -> None:
        """Let clients in."""
        self._do(self._open()).result()

    def close(self) -> None:
        """Refuse connections; those there are stay."""
        self._do(self._close()).result()

    def under_way(self) -> Sequence[Exchange]:
        """Return the requests that have no answer, or whose answer is on its way."""
        return [exchange for exchange in list(self.exchanges) if exchange.moment < Moment.DELIVERED]

    def answered(self) -> frozenset[str]:
        """Return what clients were told was done."""
        done = (one for one in list(self.exchanges) if one.writes and one.success and one.moment >= Moment.DELIVERED)
        return frozenset(one.about for one in done)

    def run(self) -> None:
        """Work until `stop`, in a thread."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.close()

    def stop(self) -> None:
        """End `run`."""
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, work: Awaitable[T]) -> Future[T]:
        async def done() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(done(), self._loop)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.own_port)
        self.own_port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            _reset(writer)
            return
        try:
            while await self._exchange(reader, writer, there, back):
                pass
        except ConnectionError:
            _reset(writer)
        finally:
            for one in (writer, back):
                one.close()
                with contextlib.suppress(OSError):
                    await one.wait_closed()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        there: asyncio.StreamReader, back: asyncio.StreamWriter,
    ) -> bool:  # fmt: skip
        """Pass one request and its answer on; say whether another may follow."""
        request = await _first(_message(reader), there.read(1))
        if not request.whole:
            return False
        exchange = _read(request)
        self.exchanges.append(exchange)
        try:
            return await self._pass_on(len(self.exchanges), exchange, request, writer, there, back)
        finally:
            exchange.moment = Moment.ENDED

    async def _pass_on(
        self, number: int, exchange: Exchange, request: _Message, writer: asyncio.StreamWriter,
        there: asyncio.StreamReader, back: asyncio.StreamWriter,
    ) -> bool:  # fmt: skip
        if self._reach(number, exchange, Moment.ARRIVED):
            return False
        back.write(request.head + request.body)
        self._reach(number, exchange, Moment.UNDER_WAY)
        answer = await _message(there)
        exchange.success = _is_success(answer)
        self._reach(number, exchange, Moment.ANSWERED)
        self.on_delivery()
        with contextlib.suppress(ConnectionError):  # the client may be gone
            writer.write(answer.head + answer.body)
            await writer.drain()
        self._reach(number, exchange, Moment.DELIVERED)
        return answer.whole

    def _reach(self, number: int, exchange: Exchange, moment: Moment) -> bool:
        """Note how far an exchange is; say whether something happened."""
        exchange.moment = moment
        after, action = self._actions.pop((number, moment), (0.0, None))
        if action is None:
            return False
        if after:
            self._loop.call_later(after, action)
        else:
            action()
        return True


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """Run a wire to a service in a thread."""
    wire = Wire(port)
    thread = threading.Thread(target=wire.run, name="wire", daemon=True)
    thread.start()
    wire.open()
    try:
        yield wire
    finally:
        wire.stop()
        thread.join()


@dataclass(frozen=True)
class _Message:
    """A request or an answer as bytes; `whole` unless the connection ended before its end."""

    head: bytes = b""
    body: bytes = b""
    whole: bool = False


async def _message(reader: asyncio.StreamReader) -> _Message:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return _Message(error.partial)
    length = _LENGTH.search(head)
    try:
        return _Message(head, await reader.readexactly(int(length[1]) if length else 0), whole=True)
    except asyncio.IncompleteReadError as error:
        return _Message(head, error.partial)


async def _first(request: Awaitable[_Message], end: Awaitable[bytes]) -> _Message:
    """Return the next request, or nothing when the service closes the connection before one comes."""
    asked, ended = asyncio.ensure_future(request), asyncio.ensure_future(end)
    await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():
        ended.cancel()
        await asyncio.wait({ended})
        return await asked
    asked.cancel()
    await asyncio.wait({asked})
    ended.result()
    return _Message()


def _read(message: _Message) -> Exchange:
    method, path, _ = message.head.split(b"\r\n", 1)[0].decode().split(" ", 2)
    sent: object = json.loads(message.body) if message.body else None
    contact = sent.get("contact") if isinstance(sent, dict) else None
    named = _USER.match(contact.get("email", "")) if isinstance(contact, dict) else None
    digest = hashlib.sha256(message.body).hexdigest()
    return Exchange(method, path, f"identify {named[1]}" if named else f"{method} {path} {digest}")


def _is_success(message: _Message) -> bool:
    status = message.head[9:12]
    if not message.whole or not status.startswith(b"2") or b"\r\nx-ac-error:" in message.head.lower():
        return False
    try:
        json.loads(message.body)
    except ValueError:
        return False
    return True


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close as a process does that is killed."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):  # it may be closed already
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
