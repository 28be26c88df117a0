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
    def rate(self) -> float:
        """Requests per second that are sent at most; 0 is no limit."""

    @property
    def control(self) -> Control | None:
        """Of the sandbox; None for a real account."""

    def wait(self, seconds: float) -> None:
        """Let time pass, there."""


@dataclass(frozen=True)
class Described:
    """An account put together from its parts."""

    url: str
    key: str
    rate: float
    control: Control | None
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
        yield Described(url, os.environ[KEY], 4.0, None, time.sleep)
        return
    with sandbox(folder) as api:

        def wait(seconds: float) -> None:
            api.time.seconds += seconds

        yield Described(api.sandbox.url, api.sandbox.api_key, 0.0, api.control, wait)
