"""One pace for everything an account is asked: its limit, the share we take, and what the service says."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

WINDOW = 1.0
"""Seconds over which the service counts (reference, section 4)."""
SLACK = 0.02
"""Seconds by which the network may bunch requests together without a refusal (measured: 204 ms survive 20 ms)."""
SLOWER, SLOWEST, RECOVERY = 1.5, 10.0, 0.97
"""Factors on the spacing: after a refusal, at most, and after each request that was let through."""

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class PauseTooLong(Exception):
    """The service asked for a longer pause than the caller may wait."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave for one request. `oldest` is our first request of the second that ends at `started`."""

    started: float
    oldest: float


class Limiter:
    """Spaces requests evenly; no sliding second ever holds more than `rate` of them, rounded down.

    `rate` is the account's limit in requests per second, `share` the part of it to use; `clock` counts
    seconds. Below one request per second the spacing alone is the limit.
    """

    def __init__(self, rate: float, share: float, *, clock: Clock, sleep: Sleep) -> None:
        allowed = max(1, math.floor(rate))
        self._spacing = max(1 / (rate * share), (WINDOW + SLACK) / allowed)
        # A late wake-up may be made good by the next request, as far as the window has room for it.
        self._credit = max(0.0, min(self._spacing / 2, allowed * self._spacing - WINDOW - SLACK))
        self._clock, self._sleep = clock, sleep
        self._queue = asyncio.Lock()
        self._next = -math.inf
        self._paused_until = -math.inf
        self._slowness = 1.0
        self._slowed_at = -math.inf
        self._starts: deque[float] = deque()

    @property
    def spacing(self) -> float:
        """Seconds between two requests at present."""
        return self._spacing * self._slowness

    async def turn(self, patience: float) -> Turn:
        """Wait for leave to make one request, first come, first served.

        Raises PauseTooLong when the service asks for a pause of more than `patience` seconds.
        """
        deadline = self._clock() + patience
        self._check(deadline)
        async with self._queue:
            while (wait := max(self._next, self._paused_until) - self._clock()) > 0:
                self._check(deadline)
                await self._sleep(wait)
            now = self._clock()
            self._next = max(self._next, now - self._credit) + self.spacing
            while self._starts and self._starts[0] <= now - WINDOW:
                self._starts.popleft()
            self._starts.append(now)
            return Turn(started=now, oldest=self._starts[0])

    def refused(self, turn: Turn, wait: float) -> None:
        """Pause everything for `wait` seconds and go slower; refusals of one burst slow down once."""
        now = self._clock()
        self._pause(now + max(wait, self.spacing))
        if turn.started > self._slowed_at:
            self._slowness = min(SLOWEST, self._slowness * SLOWER)
            self._slowed_at = now

    def let_through(self, turn: Turn, remaining: int | None) -> None:
        """Recover towards the full pace; with no request `remaining`, wait until one of ours leaves the window."""
        self._slowness = max(1.0, self._slowness * RECOVERY)
        if remaining == 0:
            self._pause(turn.oldest + WINDOW)

    def _check(self, deadline: float) -> None:
        if self._paused_until > max(deadline, self._clock()):
            raise PauseTooLong

    def _pause(self, until: float) -> None:
        self._paused_until = max(self._paused_until, until)
