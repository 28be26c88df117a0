"""A service in simulated time: its limits, its distance, and how the network bunches what is sent to it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

import httpx


class Window(StrEnum):
    """How requests are counted; the service does not document its own way."""

    TOKEN_BUCKET = "token bucket"
    FIXED = "fixed window"
    SLIDING = "sliding window"


class Limit:
    """`allowed` requests per `seconds`, counted in one of three ways; what is refused costs nothing."""

    def __init__(self, window: Window, allowed: int, seconds: float) -> None:
        self._window, self._allowed, self._seconds = window, allowed, seconds
        self._admitted: deque[float] = deque()
        self._tick, self._count = -1, 0
        self._tokens, self._seen = float(allowed), 0.0

    def admits(self, now: float) -> bool:
        """Count one request, or refuse it."""
        match self._window:
            case Window.SLIDING:
                while self._admitted and self._admitted[0] <= now - self._seconds:
                    self._admitted.popleft()
                admitted = len(self._admitted) < self._allowed
                self._admitted.extend([now] * admitted)
            case Window.FIXED:
                tick = int(now / self._seconds)
                self._count = 0 if tick != self._tick else self._count
                admitted = self._count < self._allowed
                self._tick, self._count = tick, self._count + admitted
            case Window.TOKEN_BUCKET:
                gained = (now - self._seen) * self._allowed / self._seconds
                self._tokens, self._seen = min(self._allowed, self._tokens + gained), now
                admitted = self._tokens >= 1
                self._tokens -= admitted
        return admitted


@dataclass(frozen=True)
class Fault:
    """What a request meets instead of its answer: another answer, or an exception of the network.

    `pause` is the seconds for which the service asks for no requests.
    """

    name: str
    answer: Callable[[], httpx.Response]
    pause: float = 0.0
    arrives: bool = True


PAGE = "<html><body>Bad gateway</body></html>"


def _fails(error: type[httpx.RequestError]) -> Callable[[], httpx.Response]:
    def fail() -> httpx.Response:
        raise error("")

    return fail


FAULTS = (
    Fault("500 as a page", lambda: httpx.Response(500, html=PAGE)),
    Fault("502 as a page", lambda: httpx.Response(502, html=PAGE)),
    Fault("504 without a body", lambda: httpx.Response(504)),
    Fault("403 without cause", lambda: httpx.Response(403)),
    Fault("connection refused", _fails(httpx.ConnectError), arrives=False),
    Fault("connection lost before the answer", _fails(httpx.ReadError)),
    Fault("no answer in time", _fails(httpx.ReadTimeout)),
    Fault("200 without a body", lambda: httpx.Response(200)),
    Fault("200 with X-Ac-Error", lambda: httpx.Response(200, headers={"X-Ac-Error": "Code 9001"})),
    Fault("200 with a page", lambda: httpx.Response(200, html=PAGE)),
    Fault("200 with cut JSON", lambda: httpx.Response(200, text='{"contact":{"id"')),
    Fault("429 with Retry-After", lambda: httpx.Response(429, headers={"Retry-After": "1"}), pause=1),
    Fault("429 without", lambda: httpx.Response(429), pause=1),
    Fault("503 without Retry-After", lambda: httpx.Response(503), pause=1),
)
"""What the client's table of outcomes knows, each as likely as the others."""
LIMITED = {"success": 0, "message": "Rate limit exceeded.", "failureReasons": ["Up to 100 imports ..."]}
BULK_FAULTS = (*FAULTS, Fault("400 Rate limit exceeded.", lambda: httpx.Response(400, json=LIMITED)))
"""The same for imports, which have a refusal of their own."""


@dataclass
class Service(httpx.AsyncBaseTransport):
    """Answers for the client's transport. `latency` is there and back; `jitter` is added at most, each way."""

    limits: Mapping[str, Limit]
    """By what is in the paths that count against it; the account's own under an empty one."""
    answer: Callable[[httpx.Request], httpx.Response]
    """What a request meets that is neither refused nor faulty."""
    refusal: Callable[[], httpx.Response]
    latency: float
    jitter: float
    faults: Sequence[Fault]
    faulty: float
    chance: random.Random
    accepted: list[float] = field(default_factory=list)
    refused: int = 0
    met: Counter[str] = field(default_factory=Counter)
    paused: float = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Let one request travel, count it, answer it and let the answer travel."""
        fault = self.chance.choice(self.faults) if self.chance.random() < self.faulty else None
        if fault and not fault.arrives:
            self._note(fault)
            return fault.answer()
        await self._travel()
        now = asyncio.get_running_loop().time()
        if not all(limit.admits(now) for path, limit in self.limits.items() if path in request.url.path):
            self.refused += 1
            answer = self.refusal
        elif fault:
            self._note(fault)
            answer = fault.answer
        else:
            self.accepted.append(now)
            answer = partial(self.answer, request)
        await self._travel()
        return answer()

    @property
    def requests(self) -> int:
        """All that were made."""
        return len(self.accepted) + self.refused + self.met.total()

    def _note(self, fault: Fault) -> None:
        self.met[fault.name] += 1
        self.paused += fault.pause

    async def _travel(self) -> None:
        await asyncio.sleep(self.latency / 2 + self.chance.uniform(0, self.jitter))
