"""How much of the allowed rate the client uses, and how often it is refused, in simulated time."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, connect
from ac_pipeline.activecampaign.payloads import Batch
from ac_pipeline.model.delivery import Outcome
from benchmarks.service import BULK_FAULTS, FAULTS, LIMITED, Limit, Service, Window
from unit.activecampaign.simulated_time import simulate

LATENCIES, JITTERS = (0.02, 0.3, 1.0), (0.0, 0.02, 0.1)
BOUNDS = {0.0: 0.98, 0.02: 0.95, 0.1: 0.88}
"""Least share of the allowed rate, by jitter."""
MOST_REFUSED = 0.001
FAULTY, FAULTY_BOUND = 0.1, 0.9
"""Share of requests that meet a fault, and the least part of what is then possible."""
SINGLE_RATE, BULK_RATE = (5, 1.0), (100, 60.0)
CALLS = {"single": 10_000, "bulk": 3_000}

_CONTACT = {"contact": {"id": "17"}}
_QUEUED = {"success": 1, "queued_contacts": 250, "batchId": "3840817e-6908-41cc-92a6-469478d8994a"}
_BATCH = Batch(('{"email":"a@example.com"}',) * 250, exclude_automations=True)


@dataclass(frozen=True)
class Case:
    """One cell of the table."""

    route: str
    window: Window
    latency: float
    jitter: float
    faulty: float = 0.0


@dataclass(frozen=True)
class Result:
    """`used` is the share of the allowed rate, or of what the faults leave of it; `lost` calls had no success."""

    case: Case
    requests: int
    used: float
    refused: float
    lost: int
    minutes: float

    @property
    def bound(self) -> float:
        """Least `used`."""
        return FAULTY_BOUND if self.case.faulty else BOUNDS[self.case.jitter]

    @property
    def passed(self) -> bool:
        """Whether both bounds hold."""
        return self.used >= self.bound and self.refused <= MOST_REFUSED


def cases() -> Iterator[Case]:
    """Return all cells: without faults, then with."""
    for route, window, latency, jitter in itertools.product(CALLS, Window, LATENCIES, JITTERS):
        yield Case(route, window, latency, jitter)
    for route, latency in itertools.product(CALLS, LATENCIES):
        yield Case(route, Window.SLIDING, latency, 0.02, FAULTY)


def measure(case: Case) -> Result:
    """Run one cell at full share, with a client of its own that knows nothing of the network."""
    service = _service(case)
    lost = simulate(_send(case, service))
    allowed, seconds = SINGLE_RATE if case.route == "single" else BULK_RATE
    elapsed = service.accepted[-1] - service.accepted[0]
    used = (len(service.accepted) - 1) / elapsed / allowed * seconds
    if case.faulty:
        # Each request that fails is lost to the rate, and so are the pauses the service asks for; imports, which
        # are 0.6 s apart anyway, are allowed nothing for them.
        paused = service.paused if case.route == "single" else 0.0
        used *= (service.requests / len(service.accepted)) / (1 - paused / elapsed)
    return Result(case, service.requests, used, service.refused / service.requests, lost, elapsed / 60)


def _service(case: Case) -> Service:
    account = Limit(case.window, *SINGLE_RATE)
    single = case.route == "single"
    return Service(
        limits={"": account} if single else {"": account, "bulk_import": Limit(case.window, *BULK_RATE)},
        answer=lambda _request: httpx.Response(200, json=_CONTACT if single else _QUEUED),
        refusal=(lambda: httpx.Response(429, headers={"Retry-After": "1"}))
        if single
        else (lambda: httpx.Response(400, json=LIMITED)),
        latency=case.latency,
        jitter=case.jitter,
        faults=FAULTS if single else BULK_FAULTS,
        faulty=case.faulty,
        chance=random.Random(repr(case)),
    )


async def _send(case: Case, service: Service) -> int:
    """Make all calls, as many side by side as the client advises; return those without a success."""
    lost = 0
    left = iter(range(CALLS[case.route]))
    async with connect(
        "http://localhost", SecretStr("key"), share=1.0, clock=asyncio.get_running_loop().time,
        jitter=random.Random(1), transport=service,
    ) as client:  # fmt: skip
        send = _route(client, case.route)

        async def worker() -> None:
            nonlocal lost
            for _ in left:
                lost += await send() is not Outcome.ACKNOWLEDGED

        await asyncio.gather(*(worker() for _ in range(client.calls)))
    return lost


def _route(client: ActiveCampaign, route: str) -> Callable[[], Awaitable[Outcome]]:
    async def single() -> Outcome:
        return (await client.sync_contact("{}")).outcome

    async def bulk() -> Outcome:
        return (await client.submit_import(_BATCH)).outcome

    return single if route == "single" else bulk
