"""An event loop in a thread of its own: calls wait for their end, also inside a notebook, which has a loop itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, TypeVar

from ac_pipeline.errors import InvalidCall

T = TypeVar("T")


class Loop:
    """Runs one coroutine after the other. Whoever is interrupted while waiting cancels it, and waits for its end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ac-pipeline calls", daemon=True)
        self._thread.start()
        self._turn = threading.Lock()
        self._closed = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns, or raise what it raises; threads take turns. InvalidCall after `close`."""
        with self._turn:
            if self._closed:
                work.close()
                raise closed()
            return self._result(work)

    def close(self) -> None:
        """Let the call that is under way end, and stop."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
            try:
                self._result(self._loop.shutdown_asyncgens())
            finally:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()

    def _result(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            ended = asyncio.run_coroutine_threadsafe(self._settled(), self._loop)
            with suppress(CancelledError):
                ended.result()
            raise

    @staticmethod
    async def _settled() -> None:
        """Wait until all other tasks have come to their ends."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)


def closed() -> InvalidCall:
    """Return the error of a call after the end of its handle."""
    return InvalidCall("The handle is closed. Nothing was sent.", "Make calls inside of `with connect() as account:`.")
