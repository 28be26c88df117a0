"""Throttling over real connections: obeyed, no failed attempt, bounded."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, Patience, connect
from ac_pipeline.errors import ServiceUnavailable
from ac_pipeline.model.delivery import Answer, Outcome
from unit.activecampaign.ac_connection import BODY, CONTACT, KEY, talk
from unit.activecampaign.scripted_server import Say, scripted
from unit.activecampaign.simulated_time import FakeTime, simulate

OK = Say(200, CONTACT)
NOON = "Sun, 05 Apr 2026 12:00:00 GMT"


async def sync(client: ActiveCampaign) -> Answer:
    return await client.sync_contact(BODY)


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "30"},
        {"Retry-After": "Sun, 05 Apr 2026 12:00:30 GMT"},
        {"Retry-After": "Sun, 05 Apr 2026 12:00:30 GMT", "Date": NOON},
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(status: int, headers: dict[str, str]) -> None:
    """Seconds and dates are understood, and waited for to the full."""
    time = FakeTime()
    with scripted(Say(status, headers=headers), then=OK) as server:
        answer = talk(server.url, sync, time, now=lambda: datetime(2026, 4, 5, 12, tzinfo=UTC))
    assert answer.outcome is Outcome.ACKNOWLEDGED
    assert sum(time.slept) == pytest.approx(30, abs=0.5)


def test_without_retry_after_the_wait_grows() -> None:
    """Silent refusals are answered by doubling waits with jitter, up to the longest."""
    time = FakeTime()
    with scripted(*[Say(429)] * 8, then=OK) as server:
        talk(server.url, sync, time)
    waits = [wait for wait in time.slept if wait > 0.4]
    bounds = [1, 2, 4, 8, 16, 32, 60, 60]
    assert all(bound / 2 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))


def test_throttling_uses_up_no_attempt() -> None:
    """Twenty refusals and three failures still end in a success: four tries are for failures only."""
    with scripted(*[Say(429)] * 10, Say(500), *[Say(429)] * 10, Say(500), Say(500), then=OK) as server:
        answer = talk(server.url, sync, patience=Patience(throttled=3600))
    assert answer.outcome is Outcome.ACKNOWLEDGED
    assert len(server.seen) == 24


@pytest.mark.parametrize(("status", "outcome"), [(429, Outcome.NOT_SENT), (503, Outcome.UNKNOWN)])
def test_throttling_without_end_is_bounded_by_time(status: int, outcome: Outcome) -> None:
    """After the given total the run stops; a gateway's 503 is no promise that nothing happened."""
    time = FakeTime()
    with scripted(then=Say(status)) as server:
        answer = talk(server.url, sync, time, patience=Patience(throttled=100))
    assert (answer.outcome, type(answer.stop)) == (outcome, ServiceUnavailable)
    assert 30 <= sum(time.slept) <= 101


def test_a_wait_longer_than_the_patience_is_not_begun() -> None:
    """An hour's pause stops the run at once, for calls that come later too."""
    time = FakeTime()

    async def twice(client: ActiveCampaign) -> list[Answer]:
        return [await sync(client), await sync(client)]

    with scripted(then=Say(429, headers={"Retry-After": "3600"})) as server:
        answers = talk(server.url, twice, time)
    assert [(a.outcome, a.status, type(a.stop)) for a in answers] == [
        (Outcome.NOT_SENT, 429, ServiceUnavailable), (Outcome.NOT_SENT, None, ServiceUnavailable),
    ]  # fmt: skip
    assert (len(server.seen), time.slept) == (1, [])


def test_nothing_remaining_is_obeyed() -> None:
    """After `RateLimit-Remaining: 0` that others caused, the next request waits for the window to move on."""
    time = FakeTime()

    async def twice(client: ActiveCampaign) -> None:
        await sync(client)
        await sync(client)

    with scripted(then=Say(200, CONTACT, {"RateLimit-Limit": "5", "RateLimit-Remaining": "0"})) as server:
        talk(server.url, twice, time)
    assert sum(time.slept) == pytest.approx(1.0)


@pytest.mark.parametrize(("announced", "spacing"), [("5", 0.25), ("500", 0.025), ("0", 0.025), ("many", 0.025)])
def test_a_lower_limit_than_ours_is_obeyed(announced: str, spacing: float) -> None:
    """A rate that was set for a larger plan gives way to `RateLimit-Limit`; a higher one is no invitation."""
    time = FakeTime()

    async def five(client: ActiveCampaign) -> None:
        for _ in range(5):
            await sync(client)

    with scripted(then=Say(200, CONTACT, {"RateLimit-Limit": announced})) as server:
        talk(server.url, five, time, rate=50)
    assert time.slept[-3:] == pytest.approx([spacing] * 3)


def test_several_requests_are_in_flight() -> None:
    """Contacts sent side by side are all answered, and wait for one pause together."""
    time = FakeTime()

    async def many(client: ActiveCampaign) -> list[Answer]:
        return await asyncio.gather(*(sync(client) for _ in range(20)))

    with scripted(Say(429, headers={"Retry-After": "5"}), then=OK) as server:
        answers = talk(server.url, many, time)
    assert {answer.outcome for answer in answers} == {Outcome.ACKNOWLEDGED}
    assert len(server.seen) == 21


def test_waits_for_others_count_too() -> None:
    """A call that was put off for 61 of its 100 s does not sit out a pause of 60 s that another call brought."""
    steps = {
        "first": [httpx.Response(429, headers={"Retry-After": "60"}), httpx.Response(500)],
        "second": [httpx.Response(429, headers={"Retry-After": "60"})],
    }

    def answer(request: httpx.Request) -> httpx.Response:
        left = steps[request.content.decode()]
        return left.pop(0) if left else httpx.Response(200, json=CONTACT)

    async def run() -> tuple[Answer, Answer]:
        async with connect(
            "http://localhost", SecretStr(KEY), clock=asyncio.get_running_loop().time,
            patience=Patience(throttled=100), jitter=random.Random(1), transport=httpx.MockTransport(answer),
        ) as client:  # fmt: skip
            first = asyncio.create_task(client.sync_contact("first"))
            await asyncio.sleep(10)
            return await client.sync_contact("second"), await first

    second, first = simulate(run())
    assert second.outcome is Outcome.ACKNOWLEDGED
    assert (first.outcome, type(first.stop)) == (Outcome.UNKNOWN, ServiceUnavailable)
