"""The TCP connections of the server, so that they can be made to fail."""

from __future__ import annotations

import asyncio
import socket
import struct

from uvicorn.protocols.http.h11_impl import H11Protocol

Peer = tuple[str, int]


class Connections:
    """The open connections by the address of the client."""

    def __init__(self) -> None:
        self._open: dict[Peer, tuple[asyncio.Transport, asyncio.Event]] = {}

    def protocol(self) -> type[H11Protocol]:
        """Return a protocol for the server that enters its connections here."""
        opened = self._open

        class Entered(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    opened[self.client] = transport, asyncio.Event()

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                if self.client is not None and self.client in opened:
                    opened.pop(self.client)[1].set()

        return Entered

    async def close(self, peer: Peer) -> None:
        """Close a connection after what was written; returns when it is gone."""
        if peer in self._open:
            transport, gone = self._open[peer]
            transport.close()
            await gone.wait()

    async def reset(self, peer: Peer) -> None:
        """Reset a connection at once; returns when it is gone."""
        if peer in self._open:
            transport, gone = self._open[peer]
            _reset(transport)
            await gone.wait()

    def reset_all(self) -> None:
        """Reset all connections at once."""
        for transport, _ in self._open.values():
            _reset(transport)


def _reset(transport: asyncio.Transport) -> None:
    """Close without waiting for anything: the peer is told that the connection broke."""
    at_once = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    transport.abort()
