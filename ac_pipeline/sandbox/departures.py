"""Answers that do not arrive: the connection ends instead of them, or in their middle."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ac_pipeline.sandbox.connections import Connections
from ac_pipeline.sandbox.misbehaviour import Ending


class Departure(Response):
    """Ends the connection as told, instead of sending `whole`."""

    def __init__(self, whole: Response, ending: Ending, connections: Connections, restart: Callable[[], None]) -> None:
        super().__init__()
        self._whole = whole
        self._ending = ending
        self._connections = connections
        self._restart = restart

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """End the connection; returns when it is gone."""
        peer = scope["client"]
        match self._ending:
            case Ending.CLOSED:
                await self._connections.close(peer)
            case Ending.RESET:
                await self._connections.reset(peer)
            case Ending.RESTART:
                self._restart()
                await self._connections.reset(peer)
            case Ending.CUT_OFF:
                content = bytes(self._whole.body)
                status, headers = self._whole.status_code, self._whole.raw_headers
                await send({"type": "http.response.start", "status": status, "headers": headers})
                half = content[: len(content) // 2]
                await send({"type": "http.response.body", "body": half, "more_body": True})
                await self._connections.close(peer)
