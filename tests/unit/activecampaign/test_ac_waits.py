"""Headers that say how long to wait, well-formed or not."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.activecampaign.waits import Patience, announced, retry_after

NOON = datetime(2026, 4, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30), (" 1.5 ", 1.5), ("0", 0), ("-3", 0), ("Sun, 05 Apr 2026 12:01:00 GMT", 60),
        ("Sun, 05 Apr 2026 11:00:00 GMT", 0), ("soon", None), ("", None), ("inf", None), ("nan", None), ("1e999", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    """What lies in the past is no wait, and what cannot be read is no answer."""
    assert retry_after({"retry-after": text}, NOON) == seconds


def test_a_date_is_counted_from_the_service_clock() -> None:
    """A clock of ours that is an hour wrong changes nothing when the reply is dated."""
    headers = {"retry-after": "Sun, 05 Apr 2026 12:00:30 GMT", "date": "Sun, 05 Apr 2026 12:00:00 GMT"}
    assert retry_after(headers, datetime(2026, 4, 5, 13, tzinfo=UTC)) == 30


@given(st.text())
def test_no_header_is_too_odd(text: str) -> None:
    """Any text is read as a wait that is not negative, or not at all."""
    wait = retry_after({"retry-after": text, "date": text}, NOON)
    assert wait is None or wait >= 0
    left = announced({"ratelimit-remaining": text}, "remaining")
    assert left is None or left >= 0


@given(st.integers(1, 10_000), st.integers())
def test_back_off_stays_within_its_bounds(failures: int, seed: int) -> None:
    """Never less than half the first wait, never more than the longest."""
    patience = Patience(first_wait=2, longest_wait=60)
    assert 1 <= patience.backoff(failures, random.Random(seed)) <= 60
