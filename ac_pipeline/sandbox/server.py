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
from ac_pipeline.sandbox.connections import Connections
from ac_pipeline.sandbox.database import open_database
from ac_pipeline.sandbox.faults import Faults
from ac_pipeline.sandbox.limits import limits_of

_PATIENCE = 2
"""Seconds requests in flight get at the end."""
_GLANCE = 0.1
"""Seconds between looks at whether to stop, while the server is away."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that runs. `url` is what ActiveCampaign calls the API URL, and of the tracking host as well."""

    url: str
    port: int
    api_key: str = field(repr=False)
    actid: str
    event_key: str = field(repr=False)


def serve(config: SandboxConfig, *, on_ready: Callable[[str], None] | None = None, clock: Clock | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then return; to be called in the main thread.

    `on_ready` gets the URL once requests are answered. Raises SettingsError when the port is taken or
    the state file cannot be used, PipelineError when another sandbox has the file.
    """
    with contextlib.closing(_Host(config, clock or Clock())) as host:
        host.run(lambda: on_ready(host.sandbox.url) if on_ready else None)


@contextlib.contextmanager
def running(config: SandboxConfig, *, clock: Clock | None = None) -> Iterator[Sandbox]:
    """Serve in a thread for as long as the context lasts. Raises what `serve` raises."""
    ready = threading.Event()
    with contextlib.closing(_Host(config, clock or Clock())) as host:

        def work() -> None:
            try:
                host.run(ready.set)
            finally:
                ready.set()

        thread = threading.Thread(target=work, name="sandbox", daemon=True)
        thread.start()
        try:
            ready.wait()
            yield host.sandbox
        finally:
            host.stop()
            thread.join()


class _Host:
    """The sandbox through all its restarts; made, it has port and state, but answers nothing yet."""

    def __init__(self, config: SandboxConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._stopped = False
        self._faults = Faults(config.seed, config.faults)
        self._listener = _listener(config, config.port)
        host, port = self._listener.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self.sandbox = Sandbox(url, port, config.api_key, config.actid, config.event_key)
        try:
            db = open_database(config.state, reset=config.reset)
        except BaseException:
            self._listener.close()
            raise
        self._account = Account(config, db, clock, url, config.switches, limits_of(config))
        self._server = self._new_server()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until told to stop; what a restart asks for is done here."""
        self._server.on_ready = on_ready
        while True:
            if not self._stopped:
                asyncio.run(self._server.serve([self._listener]))
            self._account.db.close()
            if self._stopped or self._server.away is None:
                return
            asyncio.run(self._stay_away(self._server.away))
            self._listener = _listener(self._config, self.sandbox.port)
            self._account.db = open_database(self._config.state)
            self._server = self._new_server()

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stopped = True
        self._server.should_exit = True

    def close(self) -> None:
        """Give port and file back."""
        self._listener.close()
        self._account.db.close()

    async def _stay_away(self, seconds: float) -> None:
        while seconds > 0 and not self._stopped:
            await self._clock.sleep(min(seconds, _GLANCE))
            seconds -= _GLANCE

    def _new_server(self) -> _Server:
        connections = Connections()
        app = application(self._account, self._faults, connections, lambda seconds: server.leave(seconds))
        server = _Server(
            uvicorn.Config(
                app,
                http=connections.protocol(),
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,  # it would write addresses of contacts
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_PATIENCE,
            ),
            connections,
        )
        return server


class _Server(uvicorn.Server):
    """Says when it is ready, and ends on a signal by returning rather than by raising it again."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self.on_ready: Callable[[], None] = lambda: None
        self.away: float | None = None
        """Seconds until the next one is to start; None when none is."""
        self._connections = connections

    def leave(self, seconds: float) -> None:
        """End as a process that is killed: nobody is answered, nobody is let in."""
        self.away = seconds
        for server in self.servers:
            server.close()
        self._connections.reset_all()
        self.force_exit = self.should_exit = True

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


def _listener(config: SandboxConfig, port: int) -> socket.socket:
    """Bind a port on the loopback address of the configuration, which takes no other."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms a request) off only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        reason = error.strerror or "it cannot be used"
        raise SettingsError(
            f"The sandbox cannot listen on port {port}: {reason}.", "Choose another port, or 0 for a free one."
        ) from None
    return listener
