"""What the tests of the client share: opening it on a scripted server, in time that does not pass."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, Timeouts, connect
from ac_pipeline.model.tracking import TrackingAccess
from unit.activecampaign.simulated_time import FakeTime

KEY = "5ecre7-4p1-k3y"
EVENT_KEY = "5ecre7-3ven7-k3y"
ACTID = "4711001"
EMAIL = "ada.lovelace@example.com"
BODY = '{"contact":{"email":"ada.lovelace@example.com","firstName":"Ada"}}'
CONTACT = {"contact": {"id": "17", "email": EMAIL}}

T = TypeVar("T")


def talk(url: str, use: Callable[[ActiveCampaign], Awaitable[T]], time: FakeTime | None = None, **options: Any) -> T:
    """Open a client at `url`, which is the tracking host too, and return what `use` makes of it."""
    time = time or FakeTime()
    tracking = TrackingAccess(url, ACTID, SecretStr(EVENT_KEY))
    defaults = {"clock": time.clock, "sleep": time.sleep, "jitter": random.Random(1), "tracking": tracking}

    async def run() -> T:
        async with connect(url, SecretStr(KEY), **(defaults | {"timeouts": Timeouts(2, 2, 5)} | options)) as client:
            return await use(client)

    return asyncio.run(run())
