"""The pace of requests, in simulated time."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.activecampaign.limiter import RECOVERY, SLOWER, SLOWEST, Limiter, PauseTooLong, Turn
from unit.activecampaign.simulated_time import simulate

rates = st.floats(min_value=0.2, max_value=60)
shares = st.floats(min_value=0.05, max_value=1)


def starts_of(
    rate: float, share: float, requests: int, *, latency: float = 0.0, in_flight: int = 5,
    lag: Callable[[int], float] = lambda _: 0.0, limit: int | None = None, window: float = 1.0,
) -> list[float]:  # fmt: skip
    """Return when `requests` requests start that are all wanted at once; `lag` is by how much the n-th sleep is late.

    With a `limit` the service says what remains of it.
    """
    starts: list[float] = []

    async def run() -> None:
        clock = asyncio.get_running_loop().time
        slept = iter(range(10**9))

        async def sleep(seconds: float) -> None:
            await asyncio.sleep(seconds + lag(next(slept)))

        limiter, slots = Limiter(rate, share, clock=clock, sleep=sleep, window=window), asyncio.Semaphore(in_flight)

        async def request() -> None:
            async with slots:
                turn = await limiter.turn(math.inf)
                starts.append(clock())
                used = sum(start > clock() - 1 for start in starts)
                await asyncio.sleep(latency)
            limiter.let_through(turn, None if limit is None else max(0, limit - used))

        await asyncio.gather(*(request() for _ in range(requests)))

    simulate(run())
    return starts


def most_in_a_window(starts: list[float], window: float = 1.0) -> int:
    return max(sum(start <= other <= start + window for other in starts) for start in starts)


@settings(deadline=None)
@given(rate=rates, share=shares, lags=st.lists(st.floats(0, 1.5), min_size=1, max_size=20))
def test_no_sliding_second_holds_more_than_the_rate(rate: float, share: float, lags: list[float]) -> None:
    """However late the process wakes up, the account's limit holds, with both ends of the second counted."""
    starts = starts_of(rate, share, 60, lag=lambda n: lags[n % len(lags)])
    assert most_in_a_window(starts) <= max(1, math.floor(rate))


@settings(deadline=None)
@given(rate=rates, share=shares)
def test_the_share_is_never_exceeded_over_time(rate: float, share: float) -> None:
    """Over any longer time the pace is that of the share, but for one request at its start."""
    starts = starts_of(rate, share, 60)
    assert len(starts) - 2 <= (starts[-1] - starts[0]) * rate * share + 1e-6


@settings(deadline=None)
@given(latency=st.floats(0, 1.2), rate=st.integers(1, 60), share=st.floats(0.3, 0.98))
def test_the_full_share_is_used_whatever_the_latency(latency: float, rate: int, share: float) -> None:
    """With enough requests in flight, answers that take longer than the spacing slow nothing down."""
    starts = starts_of(rate, share, 60, latency=latency, in_flight=math.ceil(rate * share * 1.2) + 1)
    assert starts[-1] - starts[0] == pytest.approx(59 / (rate * share), rel=0.02)


def test_small_delays_of_the_process_cost_nothing() -> None:
    """A wake-up that is late by less than half the spacing is made good by the next request."""
    starts = starts_of(5, 0.8, 101, lag=lambda _: 0.05)
    assert starts[-1] - starts[0] == pytest.approx(100 * 0.25, abs=0.2)


def test_the_whole_limit_leaves_room_for_jitter() -> None:
    """At share 1 requests are 204 ms apart, which survives 20 ms of jitter (measured)."""
    assert Limiter(5, 1, clock=lambda: 0, sleep=asyncio.sleep).spacing == pytest.approx(0.204)


@pytest.mark.parametrize(("share", "spacing"), [(0.8, 0.25), (1.0, 0.204)])
def test_our_own_use_of_the_window_causes_no_pause(share: float, spacing: float) -> None:
    """`RateLimit-Remaining: 0` that our own requests explain does not slow us down."""
    starts = starts_of(5, share, 50, limit=5, latency=0.4)
    assert most_in_a_window(starts) <= 5
    assert starts[-1] - starts[0] == pytest.approx(49 * spacing, abs=spacing)


def test_others_use_of_the_window_is_waited_out() -> None:
    """When nothing remains after our only request of the second, the next waits until that has left the window."""

    async def run() -> tuple[Turn, Turn]:
        limiter = Limiter(5, 0.8, clock=asyncio.get_running_loop().time, sleep=asyncio.sleep)
        first = await limiter.turn(60)
        limiter.let_through(first, 0)
        return first, await limiter.turn(60)

    first, second = simulate(run())
    assert second.started - first.started == pytest.approx(1.0)


def test_a_refusal_pauses_everybody_slows_down_and_recovers() -> None:
    """All wait for the pause; then the spacing is wider, once for one burst, and returns to what it was."""

    async def run() -> list[float]:
        limiter = Limiter(5, 0.8, clock=asyncio.get_running_loop().time, sleep=asyncio.sleep)
        turns = [await limiter.turn(60) for _ in range(4)]
        before = limiter.spacing
        for turn in turns:
            limiter.refused(turn, 7.0)
        after = limiter.spacing
        turn = await limiter.turn(60)
        for _ in range(RECOVERY):
            limiter.let_through(turn)
        return [before, after, turn.started, limiter.spacing]

    before, after, started, recovered = simulate(run())
    assert (before, after, recovered) == pytest.approx((0.25, 0.25 * SLOWER, 0.25))
    assert started >= 7.0


def test_refusals_that_come_again_are_recovered_from_more_slowly() -> None:
    """Where another tool uses up the account's limit, the pace stays low for longer each time."""

    async def run() -> list[int]:
        limiter = Limiter(5, 0.8, clock=asyncio.get_running_loop().time, sleep=asyncio.sleep)
        counts = []
        for _ in range(4):
            limiter.refused(await limiter.turn(60), 0)
            counts.append(0)
            while limiter.spacing > 0.25 + 1e-9:
                limiter.let_through(await limiter.turn(60))
                counts[-1] += 1
        return counts

    counts = simulate(run())
    assert counts[0] == RECOVERY < counts[1]
    assert counts == sorted(counts)


def bunched(requests: int, jitter: float, *, share: float = 1.0) -> tuple[int, Limiter]:
    """Send through a network that delays each request at random, to a service with a sliding window of five."""
    chance = random.Random(7)

    async def run() -> tuple[int, Limiter]:
        clock = asyncio.get_running_loop().time
        limiter, arrived, refusals = Limiter(5, share, clock=clock, sleep=asyncio.sleep), deque([-9.0] * 5), 0
        for _ in range(requests):
            turn = await limiter.turn(math.inf)
            await asyncio.sleep(chance.uniform(0, jitter))
            if arrived[0] > clock() - 1:
                refusals += 1
                limiter.refused(turn, 1)
            else:
                arrived.append(clock())
                arrived.popleft()
                limiter.let_through(turn)
        return refusals, limiter

    return simulate(run())


@pytest.mark.parametrize(("jitter", "most"), [(0.0, 0), (0.02, 0), (0.1, 4), (0.15, 6)])
def test_bunching_is_learned_from_few_refusals(jitter: float, most: int) -> None:
    """In 4,000 requests at the whole limit a shaky network costs a handful of refusals, a steady one none."""
    refusals, limiter = bunched(4000, jitter)
    assert refusals <= most
    assert 5 * limiter.spacing == pytest.approx(1 + max(jitter, 0.02), abs=0.04)


def test_bunching_is_no_explanation_on_a_steady_network() -> None:
    """At the whole limit too, refusals of answers that take equally long are others' doing, and pass."""

    async def run() -> float:
        limiter = Limiter(5, 1, clock=asyncio.get_running_loop().time, sleep=asyncio.sleep)
        for _ in range(10):
            for _ in range(50):
                limiter.let_through(await limiter.turn(math.inf))
            limiter.refused(turn := await limiter.turn(math.inf), 0)
            for _ in range(500):
                limiter.let_through(turn)
        return limiter.spacing

    assert simulate(run()) == pytest.approx(0.204)


def test_bunching_is_no_explanation_where_the_share_leaves_room() -> None:
    """At four fifths of the limit a refusal means that others use it too: nothing is learned for good."""

    async def run() -> float:
        limiter = Limiter(5, 0.8, clock=asyncio.get_running_loop().time, sleep=asyncio.sleep)
        for _ in range(10):
            turn = await limiter.turn(math.inf)
            limiter.refused(turn, 0)
            for _ in range(2000):
                limiter.let_through(turn)
        return limiter.spacing

    assert simulate(run()) == pytest.approx(0.25)


def test_what_was_learned_is_forgotten_in_time() -> None:
    """A network that became steady is used to the full again."""
    refusals, limiter = bunched(500, 0.1)
    assert refusals > 0
    learned = limiter.spacing
    for _ in range(200_000):
        limiter.let_through(Turn(0, 0))
    assert limiter.spacing < learned
    assert limiter.spacing == pytest.approx(0.204, abs=0.0001)


@settings(deadline=None, max_examples=20)
@given(lags=st.lists(st.floats(0, 1.5), min_size=1, max_size=20), share=shares)
def test_a_limit_by_the_minute_holds_too(lags: list[float], share: float) -> None:
    """Bulk import's hundred a minute: no sliding minute holds more."""
    starts = starts_of(100, share, 250, lag=lambda n: lags[n % len(lags)], window=60)
    assert most_in_a_window(starts, 60) <= 100


def test_two_limits_are_passed_at_one_moment() -> None:
    """Waiting at the second limit does not let requests bunch up that have passed the first."""

    async def run() -> list[float]:
        clock = asyncio.get_running_loop().time
        first, second = (Limiter(rate, 1, clock=clock, sleep=asyncio.sleep) for rate in (2, 50))
        starts = []

        async def request() -> None:
            async with first.head(math.inf):
                await second.turn(math.inf)
                starts.append(first.take().started)

        second.refused(await second.turn(1), 10)
        await asyncio.gather(*(request() for _ in range(10)))
        return starts

    starts = simulate(run())
    assert starts[0] >= 10
    assert most_in_a_window(starts) <= 2


def test_slowing_down_has_an_end() -> None:
    """Refusal after refusal never makes the spacing wider than ten times."""

    async def run() -> float:
        limiter = Limiter(5, 0.8, clock=asyncio.get_running_loop().time, sleep=asyncio.sleep)
        for _ in range(30):
            limiter.refused(await limiter.turn(math.inf), 0)
        return limiter.spacing

    assert simulate(run()) == pytest.approx(0.25 * SLOWEST)


def test_too_long_a_pause_is_not_waited_for() -> None:
    """Whoever has less patience than the pause takes gives up at once, and the next in line is asked."""

    async def run() -> tuple[float, list[object]]:
        clock = asyncio.get_running_loop().time
        limiter = Limiter(5, 0.8, clock=clock, sleep=asyncio.sleep)
        limiter.refused(await limiter.turn(1), 3600)
        ends = await asyncio.gather(*(limiter.turn(600) for _ in range(3)), return_exceptions=True)
        return clock(), ends

    now, ends = simulate(run())
    assert now < 1
    assert [type(end) for end in ends] == [PauseTooLong] * 3


def test_a_cancelled_wait_blocks_nobody() -> None:
    """Cancelling a run while it waits for its turn leaves the limiter usable."""

    async def run() -> Turn:
        limiter = Limiter(1, 1, clock=asyncio.get_running_loop().time, sleep=asyncio.sleep)
        await limiter.turn(60)
        waiting = asyncio.create_task(limiter.turn(60))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return await limiter.turn(60)

    assert simulate(run()).started == pytest.approx(1.02, abs=0.02)
