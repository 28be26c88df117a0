"""Who goes first where all wait for one limit: imports, because they have a tighter one, and nobody never."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise

import httpx
from pydantic import SecretStr

from ac_pipeline.activecampaign import connect
from ac_pipeline.activecampaign.line import Line, Rank
from ac_pipeline.activecampaign.payloads import Batch
from unit.activecampaign.ac_connection import KEY
from unit.activecampaign.simulated_time import simulate

TWO = Batch(("{}", "{}"))
QUEUED = {"success": 1, "queued_contacts": 2, "batchId": "3840817e"}
FOUND: dict[str, object] = {"contacts": [], "meta": {"total": "0"}}


def starts(
    *, seconds: float, rate: float = 5.0, latency: float = 0.3, usual: int = 10, spare: int = 10, in_flight: int = 6
) -> dict[str, list[float]]:
    """Return when requests arrive, by kind, of a client that wants many of each all the time."""
    arrived: dict[str, list[float]] = {"import": [], "usual": [], "spare": []}

    async def answer(request: httpx.Request) -> httpx.Response:
        kind = "import" if "import" in request.url.path else request.url.params["ids[]"]
        arrived[kind].append(asyncio.get_running_loop().time())
        await asyncio.sleep(latency)
        return httpx.Response(200, json=QUEUED if kind == "import" else FOUND)

    async def run() -> None:
        async with connect(
            "http://localhost", SecretStr(KEY), rate=rate, share=1.0, in_flight=in_flight,
            clock=asyncio.get_running_loop().time, transport=httpx.MockTransport(answer),
        ) as client:  # fmt: skip

            async def hand_over() -> None:
                while True:
                    await client.submit_import(TWO)

            async def read(kind: str, rank: Rank) -> None:
                while True:
                    assert [contact async for contact in client.contacts([kind], rank=rank)] == []

            wanted = [hand_over() for _ in range(3)]
            wanted += [read("usual", Rank.USUAL) for _ in range(usual)] + [
                read("spare", Rank.SPARE) for _ in range(spare)
            ]
            tasks = [asyncio.ensure_future(one) for one in wanted]
            await asyncio.sleep(seconds)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    simulate(run())
    return arrived


def test_imports_keep_their_pace_whatever_else_is_wanted() -> None:
    """They get ninety-nine of a hundred of what their limit allows, in no minute more, and the others all the rest."""
    arrived = starts(seconds=300)
    assert len(arrived["import"]) >= 0.99 * 300 / 0.6
    assert all(after - before > 60 for before, after in zip(arrived["import"], arrived["import"][100:], strict=False))
    assert sum(map(len, arrived.values())) >= 0.97 * 300 * 5
    everything = sorted(moment for moments in arrived.values() for moment in moments)
    assert all(after - before > 1 for before, after in zip(everything, everything[5:], strict=False))


def test_what_is_late_behind_others_is_made_good_for() -> None:
    """An import that waits for the account's turn starts late, and the next one in time: never half a pace early."""
    gaps = [after - before for before, after in pairwise(starts(seconds=60)["import"])]
    assert min(gaps) >= 0.3
    assert max(gaps) <= 0.6024 + 0.204 + 0.01


def test_others_are_not_starved_where_imports_could_use_everything() -> None:
    """At one request a second each third one is somebody else's."""
    arrived = starts(seconds=300, rate=1.0, spare=0)
    counted = Counter({kind: len(moments) for kind, moments in arrived.items()})
    assert counted["usual"] >= counted.total() / 3 - 2
    assert counted["import"] >= counted.total() * 2 / 3 - 2


def test_spare_requests_take_what_is_left_and_no_place_from_others() -> None:
    """With two requests under way at most, those that wait for spare turns keep none of the two."""
    alone = starts(seconds=60, usual=0, latency=0.1, in_flight=2)
    assert len(alone["import"]) >= 0.98 * 60 / 0.6
    assert sum(map(len, alone.values())) >= 0.97 * 60 * 5
    assert starts(seconds=60)["spare"] == []


def test_the_next_one_is_chosen_when_it_can_go_not_when_it_comes() -> None:
    """Somebody of a higher rank who comes while another waits for the time goes first; equals go in turn."""

    async def run() -> list[str]:
        line, went = Line(), []

        async def wait(name: str, rank: Rank) -> None:
            place = line.join(rank)
            try:
                while not line.is_next(place):
                    await line.called(place)
                line.serve(place)
                went.append(name)
                await asyncio.sleep(1)
            finally:
                line.leave(place)

        async with asyncio.TaskGroup() as group:
            for name, rank in (
                ("first come", Rank.SPARE), ("spare", Rank.SPARE), ("usual", Rank.USUAL), ("gone", Rank.FIRST),
                ("second", Rank.USUAL), ("import", Rank.FIRST),
            ):  # fmt: skip
                task = group.create_task(wait(name, rank))
                await asyncio.sleep(0.01)
                if name == "gone":
                    task.cancel()
        return went

    assert simulate(run()) == ["first come", "import", "usual", "second", "spare"]
