"""A proxy before a server that cuts a connection after so many bytes of its answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cutting_proxy(port: int, after: int) -> Iterator[int]:
    """Pass connections on to `port`; yield the port to use instead. `after` is in bytes, for each connection."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection("127.0.0.1", port)
        asking = asyncio.ensure_future(_pass_on(reader, questions))
        await _pass_on(answers, writer, after)
        asking.cancel()
        for end in (writer, questions):
            end.transport.abort()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(connected, "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter, left: int = 10**12) -> None:
    with suppress(ConnectionError):
        while left > 0 and (piece := await source.read(min(left, 65536))):
            left -= len(piece)
            sink.write(piece)
            await sink.drain()
