"""One working process at a time: the lock of a home, and who holds it."""

from __future__ import annotations

import json
import logging
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from ac_pipeline.errors import StoreBusy
from ac_pipeline.home import Home
from ac_pipeline.model.window import utc_text

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that works on the store. `since` is ISO 8601 in UTC; empty when it did not say."""

    pid: int
    doing: str
    since: str

    def __str__(self) -> str:
        since = f" since {self.since}" if self.since else ""
        return f"process {self.pid} ({self.doing}){since}" if self.pid else "another process"


def holder(home: Home) -> Holder | None:
    """Return who holds the lock, or None: then no run is in flight, whatever any record says.

    The operating system frees the lock with the process, so a killed run never looks alive.
    """
    lock = _lock(home)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _read_holder(home)
    lock.release()
    return None


@contextmanager
def held_lock(home: Home, doing: str, wait: float) -> Iterator[None]:
    """Hold the lock while the block runs; wait up to `wait` seconds, then raise StoreBusy."""
    lock = _lock(home)
    try:
        # Waiting processes poll at different paces, so that none starves beside another.
        lock.acquire(timeout=wait, poll_interval=random.uniform(0.05, 0.15))  # noqa: S311
    except Timeout:
        raise StoreBusy(
            f"The store in {home.root} is in use by {_read_holder(home)}; waited {wait:g} s.",
            "Wait until it is done, or stop it: what it has sent stays recorded.",
        ) from None
    try:
        said = {"pid": os.getpid(), "doing": doing, "since": utc_text(datetime.now(UTC))}
        home.lock_holder.write_text(json.dumps(said), encoding="utf-8")
        yield
    finally:
        home.lock_holder.unlink(missing_ok=True)
        lock.release()


def _lock(home: Home) -> FileLock:
    return FileLock(home.lock, mode=0o600, thread_local=False)


def _read_holder(home: Home) -> Holder:
    try:
        said = json.loads(home.lock_holder.read_text(encoding="utf-8"))
        return Holder(int(said["pid"]), str(said["doing"]), str(said["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(0, "", "")
