"""Requests per time of one account, counted in one of three ways."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from ac_pipeline.sandbox.config import RateWindow, SandboxConfig

_ROUNDING = 1e-9
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, how many more may now, and the seconds until another can."""

    admitted: bool
    remaining: int
    retry_after: float = 0.0


class Limit(Protocol):
    """Counts requests. `now` is monotonic seconds and never goes back."""

    def admit(self, now: float) -> Verdict:
        """Count one request, or refuse it; a refused one costs nothing."""


class SlidingWindow:
    """At most `rate` requests in any `seconds`."""

    def __init__(self, rate: int, seconds: float = 1.0) -> None:
        self._rate = rate
        self._seconds = seconds
        self._admitted: deque[float] = deque()

    def admit(self, now: float) -> Verdict:
        """Count one request, or refuse it."""
        while self._admitted and self._admitted[0] <= now - self._seconds:
            self._admitted.popleft()
        if len(self._admitted) >= self._rate:
            return Verdict(admitted=False, remaining=0, retry_after=self._admitted[0] + self._seconds - now)
        self._admitted.append(now)
        return Verdict(admitted=True, remaining=self._rate - len(self._admitted))


class FixedWindow:
    """At most `rate` requests in each `seconds` of the clock; up to twice that around its tick."""

    def __init__(self, rate: int, seconds: float = 1.0) -> None:
        self._rate = rate
        self._seconds = seconds
        self._tick = -1
        self._count = 0

    def admit(self, now: float) -> Verdict:
        """Count one request, or refuse it."""
        tick = int(now // self._seconds)
        if tick != self._tick:
            self._tick, self._count = tick, 0
        if self._count >= self._rate:
            return Verdict(admitted=False, remaining=0, retry_after=(tick + 1) * self._seconds - now)
        self._count += 1
        return Verdict(admitted=True, remaining=self._rate - self._count)


class TokenBucket:
    """`rate` tokens at first, as many refilled evenly in `seconds`; a request takes one."""

    def __init__(self, rate: int, seconds: float = 1.0) -> None:
        self._rate = rate
        self._seconds = seconds
        self._tokens = float(rate)
        self._seen: float | None = None

    def admit(self, now: float) -> Verdict:
        """Count one request, or refuse it."""
        gained = 0.0 if self._seen is None else (now - self._seen) * self._rate / self._seconds
        self._tokens, self._seen = min(float(self._rate), self._tokens + gained), now
        if self._tokens < 1 - _ROUNDING:
            return Verdict(admitted=False, remaining=0, retry_after=(1 - self._tokens) * self._seconds / self._rate)
        self._tokens = max(0.0, self._tokens - 1)
        return Verdict(admitted=True, remaining=int(self._tokens))


def limit_for(window: RateWindow, rate: int, seconds: float = 1.0) -> Limit:
    """Return a new limit of this kind."""
    match window:
        case RateWindow.SLIDING:
            return SlidingWindow(rate, seconds)
        case RateWindow.FIXED:
            return FixedWindow(rate, seconds)
        case RateWindow.TOKEN_BUCKET:
            return TokenBucket(rate, seconds)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one account: of all requests, of imports, and of imports of a single contact."""

    requests: Limit
    imports: Limit
    single_imports: Limit


def limits_of(config: SandboxConfig) -> Limits:
    """Return new limits as configured."""
    return Limits(
        limit_for(config.rate_window, config.rate),
        limit_for(config.rate_window, config.bulk_rate, _MINUTE),
        limit_for(config.rate_window, config.bulk_single_rate, _MINUTE),
    )
