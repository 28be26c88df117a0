"""The accounts the contract suite runs against: the sandbox always, a real one when its own variables are given."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from contract.sandbox_support import sandbox

URL, KEY = "AC_CONTRACT_URL", "AC_CONTRACT_KEY"
"""Of an account that exists for this alone. No setting of the pipeline is read here."""
_RATE = 4.0
"""Requests per second sent to a real account, which allows 5."""


class Control(Protocol):
    """What only the sandbox can do."""

    def __call__(self, path: str, method: str = "GET", body: object = None) -> httpx.Response: ...


class Account(Protocol):
    """An account that tests may write to."""

    @property
    def url(self) -> str:
        """The API URL, without `/api/3`."""

    @property
    def key(self) -> str:
        """The API key."""

    @property
    def control(self) -> Control | None:
        """Of the sandbox; None for a real account."""

    def pace(self) -> None:
        """Wait until the next request may be sent."""

    def wait(self, seconds: float) -> None:
        """Let time pass, there."""


class Pace:
    """Lets `rate` requests a second pass, evenly."""

    def __init__(self, rate: float, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._gap = 1 / rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = 0.0

    def __call__(self) -> None:
        """Wait until the next request may be sent."""
        self._sleep(max(0.0, self._next - self._monotonic()))
        self._next = self._monotonic() + self._gap


@dataclass(frozen=True)
class Described:
    """An account put together from its parts."""

    url: str
    key: str
    control: Control | None
    pace: Callable[[], None]
    wait: Callable[[float], None]

    def __repr__(self) -> str:
        return "Described(...)"


def existing() -> list[str]:
    """Return the names of the accounts there are, and no others, so that nothing has to be skipped."""
    return ["sandbox", "real"] if os.environ.get(URL) and os.environ.get(KEY) else ["sandbox"]


@contextlib.contextmanager
def opened(name: str, folder: Path) -> Iterator[Account]:
    """Return the account of this name, ready to be written to."""
    if name == "real":
        url = os.environ[URL].strip().rstrip("/").removesuffix("/api/3")
        yield Described(url, os.environ[KEY], None, Pace(_RATE, time.monotonic, time.sleep), time.sleep)
        return
    with sandbox(folder) as api:

        def wait(seconds: float) -> None:
            api.time.seconds += seconds

        yield Described(api.sandbox.url, api.sandbox.api_key, api.control, lambda: None, wait)
