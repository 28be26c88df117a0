"""Runs the sandbox: in this process until a signal, or in a thread of it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

import uvicorn

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.app import application
from ac_pipeline.sandbox.clock import Clock
from ac_pipeline.sandbox.config import SandboxConfig
from ac_pipeline.sandbox.database import open_database

_PATIENCE = 2
"""Seconds requests in flight get at the end."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that runs. `url` is what ActiveCampaign calls the API URL."""

    url: str
    port: int
    api_key: str = field(repr=False)


def serve(config: SandboxConfig, *, on_ready: Callable[[str], None] | None = None, clock: Clock | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then return; to be called in the main thread.

    `on_ready` gets the URL once requests are answered. Raises SettingsError when the port is taken or
    the state file cannot be used, PipelineError when another sandbox has the file.
    """
    with _prepared(config, clock or Clock()) as (server, listener, sandbox):
        server.on_ready = lambda: on_ready(sandbox.url) if on_ready else None
        asyncio.run(server.serve([listener]))


@contextlib.contextmanager
def running(config: SandboxConfig, *, clock: Clock | None = None) -> Iterator[Sandbox]:
    """Serve in a thread for as long as the context lasts. Raises what `serve` raises."""
    ready = threading.Event()
    with _prepared(config, clock or Clock()) as (server, listener, sandbox):
        server.on_ready = ready.set

        def work() -> None:
            try:
                asyncio.run(server.serve([listener]))
            finally:
                ready.set()

        thread = threading.Thread(target=work, name="sandbox", daemon=True)
        thread.start()
        try:
            ready.wait()
            yield sandbox
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """Says when it is ready, and ends on a signal by returning rather than by raising it again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.on_ready: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True


@contextlib.contextmanager
def _prepared(config: SandboxConfig, clock: Clock) -> Iterator[tuple[_Server, socket.socket, Sandbox]]:
    """Bind the port, open the state, and close both at the end."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(_listener(config))
        db = stack.enter_context(contextlib.closing(open_database(config.state, reset=config.reset)))
        host, port = listener.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        app = application(Account(config, db, clock, url))
        settings = uvicorn.Config(
            app,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # it would write addresses of contacts
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE,
        )
        yield _Server(settings), listener, Sandbox(url, port, config.api_key)


def _listener(config: SandboxConfig) -> socket.socket:
    """Bind the port on the loopback address of the configuration, which takes no other."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms a request) off only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen()
    except OSError as error:
        listener.close()
        reason = error.strerror or "it cannot be used"
        raise SettingsError(
            f"The sandbox cannot listen on port {config.port}: {reason}.", "Choose another port, or 0 for a free one."
        ) from None
    return listener
