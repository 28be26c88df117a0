"""The sandbox's rate limit and latency."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox import RateWindow, SandboxConfig, Switches
from ac_pipeline.sandbox.limits import limit_for
from contract.sandbox_support import Api, sandbox

GAPS = st.lists(st.integers(0, 1200).map(lambda milliseconds: milliseconds / 1000), max_size=80)


def statuses(api: Api, count: int) -> list[int]:
    """Ask so many times at once."""
    return [api.get("/users/me").status_code for _ in range(count)]


@pytest.mark.parametrize("window", list(RateWindow))
def test_too_many_requests_in_a_second_are_429_and_later_ones_pass(tmp_path: Path, window: RateWindow) -> None:
    """Whichever way the second is counted."""
    with sandbox(tmp_path, rate=5, rate_window=window) as api:
        assert statuses(api, 7) == [200] * 5 + [429] * 2
        api.time.seconds += 1
        assert statuses(api, 6) == [200] * 5 + [429]


def test_a_429_says_when_to_come_back(tmp_path: Path) -> None:
    """Whole seconds in Retry-After, and nothing is written."""
    with sandbox(tmp_path, rate=1) as api:
        api.get("/users/me")

        answer = api.sync("a@b.com")

        assert answer.status_code == 429
        assert answer.json() == {"message": "Too Many Requests"}
        assert answer.headers["retry-after"] == "1"
        assert (answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]) == ("1", "0")
        assert api.control("/sandbox/contacts").json()["contacts"] == []


def test_other_answers_carry_the_rate_headers_unless_told_not_to(tmp_path: Path) -> None:
    """Sources disagree on whether the service does."""
    with sandbox(tmp_path, rate=5) as api:
        headers = api.get("/users/me").headers
        assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("5", "4")
        assert "retry-after" not in headers
    with sandbox(tmp_path, rate=5, switches=Switches(rate_headers=False)) as api:
        assert "ratelimit-limit" not in api.get("/users/me").headers


def test_requests_with_a_wrong_key_use_up_nothing(tmp_path: Path) -> None:
    """The limit is the account's."""
    with sandbox(tmp_path, rate=1) as api:
        for _ in range(3):
            assert httpx.get(f"{api.sandbox.url}/api/3/users/me").status_code == 403
        assert statuses(api, 2) == [200, 429]


def test_latency_lengthens_every_request(tmp_path: Path) -> None:
    """By as many seconds as configured."""
    with sandbox(tmp_path, latency=0.25) as api:
        api.get("/users/me")
        assert api.time.slept == [0.25]
        (logged,) = api.control("/sandbox/requests").json()["requests"]
        assert logged["duration_ms"] == 250


@given(gaps=GAPS, rate=st.integers(1, 8))
def test_a_sliding_window_never_admits_more_than_its_rate_in_a_second(gaps: list[float], rate: int) -> None:
    """And refuses only when that many are in the second before."""
    limit, now = limit_for(RateWindow.SLIDING, rate), 0.0
    admitted: list[float] = []
    for gap in gaps:
        now += gap
        recent = sum(1 for moment in admitted if moment > now - 1)
        verdict = limit.admit(now)
        assert verdict.admitted == (recent < rate)
        if verdict.admitted:
            admitted.append(now)


@given(gaps=GAPS, rate=st.integers(1, 8), window=st.sampled_from(RateWindow))
def test_after_waiting_as_told_the_next_request_passes(gaps: list[float], rate: int, window: RateWindow) -> None:
    """`retry_after` is never more than a second and always enough."""
    limit, now = limit_for(window, rate), 0.0
    for gap in gaps:
        now += gap
        verdict = limit.admit(now)
        if not verdict.admitted:
            assert 0 < verdict.retry_after <= 1
            now += verdict.retry_after + 1e-9
            assert limit.admit(now).admitted


def test_a_rate_below_one_is_refused(tmp_path: Path) -> None:
    """No request could ever pass."""
    with pytest.raises(SettingsError, match="at least 1"):
        SandboxConfig(tmp_path / "sandbox.db", rate=0)
