"""How long to wait: what the service's headers ask for, and back-off where they are silent."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds of waiting, in seconds; `throttled` is the total one call may be put off by throttling."""

    throttled: float = 600.0
    first_wait: float = 1.0
    longest_wait: float = 60.0

    def backoff(self, failures: int, jitter: random.Random) -> float:
        """Return the wait after the `failures`-th failure: doubling, with up to half of it taken off at random."""
        doubled = self.first_wait * 2.0 ** min(failures - 1, 30)
        return min(self.longest_wait, doubled) * jitter.uniform(0.5, 1.0)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds `Retry-After` asks for (a number or an HTTP date), None when absent or malformed.

    A date is counted from the reply's own `Date`, so that a wrong clock here does no harm.
    """
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        until, since = http_date(text), http_date(headers.get("date", "")) or now
        return max(0.0, (until - since).total_seconds()) if until else None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def announced(headers: Mapping[str, str], name: str) -> int | None:
    """Return a number of requests, `limit` or `remaining`, from `RateLimit-*`; None when absent or malformed."""
    text = headers.get(f"ratelimit-{name}", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def http_date(text: str) -> datetime | None:
    """Return the moment of an HTTP date, None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # what the parser does with nonsense varies
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
