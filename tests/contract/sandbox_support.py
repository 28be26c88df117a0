"""A sandbox to talk to over real HTTP, and a clock that stands still."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from ac_pipeline.sandbox import Clock, Sandbox, SandboxConfig, running

PLENTY = 1_000_000
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def keys(words: str) -> list[str]:
    """Names with spaces between them, as a list."""
    return words.split()


@dataclass
class Time:
    """Moves only when told; remembers how long it was asked to sleep."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.seconds += seconds

        return Clock(lambda: START + timedelta(seconds=self.seconds), lambda: self.seconds, sleep)


@dataclass(frozen=True)
class Api:
    """The sandbox, spoken to with its key below /api/3; `time` is its clock."""

    http: httpx.Client
    sandbox: Sandbox
    time: Time

    def start_anew(self) -> None:
        """Empty the account and turn the clock back."""
        self.control("/sandbox/reset", "POST").raise_for_status()
        self.time.seconds = 0.0

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params or None)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(path, json=body)

    def put(self, path: str, body: object) -> httpx.Response:
        return self.http.put(path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self.http.delete(path)

    def control(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask outside /api/3; underscores in header names are hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.request(method, f"{self.sandbox.url}{path}", headers=sent)

    def sync(self, email: str, **contact: Any) -> httpx.Response:
        return self.post("/contact/sync", {"contact": {"email": email, **contact}})

    def field(self, title: str, kind: str = "text") -> str:
        """Create a field and return its id."""
        return str(self.post("/fields", {"field": {"title": title, "type": kind}}).json()["field"]["id"])


@contextlib.contextmanager
def sandbox(folder: Path, **settings: Any) -> Iterator[Api]:
    """Run a sandbox in this process, without a limit on its rate unless one is given."""
    config = replace(SandboxConfig(folder / "sandbox.db", rate=PLENTY), **settings)
    time = Time()
    with (
        running(config, clock=time.clock()) as started,
        httpx.Client(base_url=f"{started.url}/api/3", headers={"Api-Token": started.api_key}) as http,
    ):
        yield Api(http, started, time)
