"""Time as the sandbox sees it, and as the account writes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from: aware `now`, `monotonic` seconds, and an awaitable `sleep(seconds)`."""

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def microseconds(self) -> int:
        """Return now as microseconds since 1970 in UTC, the form in which times are stored."""
        return (self.now() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """Return a stored time as a datetime in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True)
class AccountTime:
    """Writes stored times the way the account's zone shows them (reference, section 2)."""

    utc_offset: timedelta

    @property
    def zone(self) -> timezone:
        """The account's zone; a fixed offset."""
        return timezone(self.utc_offset)

    def iso(self, microseconds: int) -> str:
        """`2021-03-23T06:04:40-05:00`."""
        return moment(microseconds).astimezone(self.zone).isoformat(timespec="seconds")

    def plain(self, microseconds: int) -> str:
        """`2021-03-23 06:04:40`: local time even where the key says utc, as recorded."""
        return moment(microseconds).astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def parse(self, text: str) -> int | None:
        """Return the stored form of an ISO-8601 text, local when it names no offset; None if it is none."""
        try:
            parsed = datetime.fromisoformat(text)
            if parsed.tzinfo is None:
                parsed = parsed.replace(tzinfo=self.zone)
            return (parsed - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        except (ValueError, OverflowError):
            return None
