"""One pace for everything that counts against one limit: the limit, the share we take, and what the service says."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ac_pipeline.activecampaign.line import Line, Rank

WINDOW = 1.0
"""Seconds over which the service counts (reference, section 4)."""
SLACK, SLACK_SHARE = 0.02, 0.004
"""Seconds by which the network may bunch requests together without a refusal (measured: 204 ms survive 20 ms), and
at least this part of the window."""
MORE_SLACK, SPREAD_SLACK, MOST_SLACK = 0.025, 0.12, 0.2
"""Where bunching can explain a refusal they become as many as the times of answers differ by: up to the second at
once, from there by the first at each refusal, and never more than the third."""
FORGET = 0.00005
"""Part of the learned slack that each request takes off: about an hour at 5 requests a second."""
LATE = 0.005
"""Seconds a request may start late and not put off the next: the event loop wakes up a millisecond or two late."""
SLOWER, SLOWEST = 1.25, 10.0
"""Factors on the spacing after a refusal, and at most."""
RECOVERY, TROUBLE_FADES = 8, 0.95
"""Requests to be let through until the pace is the full one again, doubled by each refusal that is not long past;
and what is left of such a refusal after each request."""

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class PauseTooLong(Exception):
    """The service asked for a longer pause than the caller may wait."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave for one request. `oldest` is our first request of the window that ends at `started`."""

    started: float
    oldest: float


class Limiter:
    """Spaces requests evenly; no sliding window ever holds more than `rate` of them, rounded down.

    `rate` is the account's limit in requests per `window`, which is in seconds, and `share` the part of it to
    use; `clock` counts seconds. Below one request per window the spacing alone is the limit.
    """

    def __init__(self, rate: float, share: float, *, clock: Clock, sleep: Sleep, window: float = WINDOW) -> None:
        self._window, self._most, self._rate, self._share = window, rate, rate, share
        self._first_slack = self._slack = max(SLACK, SLACK_SHARE * window)
        self._clock, self._sleep = clock, sleep
        self._line = Line()
        self._next = -math.inf
        self._wanted = math.inf
        """Since when the one that is served has been waiting."""
        self._paused_until = -math.inf
        self._slowness, self._recovery, self._trouble = 1.0, 0.0, 0.0
        self._slowed_at = -math.inf
        self._starts: deque[float] = deque(maxlen=self._allowed)
        self._took: deque[float] = deque(maxlen=100)

    @property
    def spacing(self) -> float:
        """Seconds between two requests at present."""
        return self._full_pace * self._slowness

    @property
    def _allowed(self) -> int:
        return max(1, math.floor(self._rate))

    @property
    def _full_pace(self) -> float:
        even = self._window / (self._rate * self._share)
        return max(even, (self._window + self._slack) / self._allowed)

    @property
    def _credit(self) -> float:
        """By how much a late request may be followed too early.

        As far as the window always has room for it; and where the request stood in line meanwhile, as it does while
        another limit keeps it, up to half the pace: then the window is looked at.
        """
        room = self._allowed * self._full_pace - self._window - self._slack
        return max(LATE, min(self._full_pace / 2, max(room, self._clock() - self._wanted)))

    @property
    def _wait(self) -> float:
        """Seconds until the next request may start; not above 0 when it may now.

        A window has room when the request leaves it that came as many before as are allowed.
        """
        until = max(self._next, self._paused_until)
        if len(self._starts) >= self._allowed:
            until = max(until, self._starts[-self._allowed] + self._window + self._slack - LATE)
        return until - self._clock()

    async def turn(self, patience: float, rank: Rank = Rank.USUAL) -> Turn:
        """Wait for leave to make one request, by rank and first come, first served.

        Raises PauseTooLong when the service asks for a pause of more than `patience` seconds.
        """
        async with self.head(patience, rank):
            return self.take()

    @asynccontextmanager
    async def head(self, patience: float, rank: Rank = Rank.USUAL) -> AsyncIterator[None]:
        """Wait to be first in line with nothing left to wait for, and stay it: `take` is then the leave itself.

        So several limiters can be passed at one moment. Raises PauseTooLong; waiting for others is no pause.
        """
        wanted = self._clock()
        deadline = wanted + patience
        self._check(deadline)
        place = self._line.join(rank)
        try:
            while not (its_turn := self._line.is_next(place)) or self._wait > 0:
                if its_turn:
                    await self._rest(deadline)
                else:
                    await self._line.called(place)
                    deadline = self._clock() + patience
            self._line.serve(place)
            self._wanted = wanted
            yield
        finally:
            self._line.leave(place)

    async def ready(self, patience: float) -> None:
        """At the head of the line, wait for what came up since: a pause. Raises PauseTooLong."""
        deadline = self._clock() + patience
        while self._wait > 0:
            await self._rest(deadline)

    def take(self) -> Turn:
        """Count one request that starts now."""
        now = self._clock()
        self._next = max(self._next, self._paused_until, now - self._credit) + self.spacing
        self._starts.append(now)
        return Turn(started=now, oldest=next(start for start in self._starts if start > now - self._window))

    def announced(self, limit: int) -> None:
        """Take the service's own word for its limit, in requests per window from 1, where it is lower than ours."""
        self._rate = min(self._most, limit)

    def refused(self, turn: Turn, wait: float) -> None:
        """Pause everything for `wait` seconds and go slower; refusals of one burst slow down once."""
        now = self._clock()
        self._pause(now + max(wait, self.spacing))
        if turn.started <= self._slowed_at:
            return
        if self._allowed * self._full_pace < self._window + MOST_SLACK:
            step = max(self._slack + MORE_SLACK, SPREAD_SLACK)
            self._slack = max(self._slack, min(self._spread(), step, MOST_SLACK))
        self._slowness = min(SLOWEST, self._slowness * SLOWER)
        self._recovery = (self._slowness - 1) / (RECOVERY * 2**self._trouble)
        self._trouble += 1
        self._slowed_at = now

    def let_through(self, turn: Turn, remaining: int | None = None) -> None:
        """Recover towards the full pace; with no request `remaining`, wait until one of ours leaves the window."""
        self._took.append(self._clock() - turn.started)
        self._slowness = max(1.0, self._slowness - self._recovery)
        self._trouble *= TROUBLE_FADES
        self._slack += (self._first_slack - self._slack) * FORGET
        if remaining == 0:
            self._pause(turn.oldest + self._window)

    def _spread(self) -> float:
        """By how many seconds the times of answers differ: the middle eight tenths, and what follows for the rest."""
        took = sorted(self._took)
        return (took[len(took) * 9 // 10] - took[len(took) // 10]) * 1.4 if took else 0.0

    async def _rest(self, deadline: float) -> None:
        self._check(deadline)
        await self._sleep(self._wait)

    def _check(self, deadline: float) -> None:
        if self._paused_until > max(deadline, self._clock()):
            raise PauseTooLong

    def _pause(self, until: float) -> None:
        self._paused_until = max(self._paused_until, until)
