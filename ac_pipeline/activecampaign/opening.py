"""Opening a client."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from ac_pipeline.activecampaign.address import parse_address
from ac_pipeline.activecampaign.bulk import BulkImport
from ac_pipeline.activecampaign.caller import Caller
from ac_pipeline.activecampaign.client import ActiveCampaign
from ac_pipeline.activecampaign.connection import Timeouts, open_http
from ac_pipeline.activecampaign.limiter import Clock, Limiter, Sleep
from ac_pipeline.activecampaign.waits import Patience
from ac_pipeline.errors import SettingsError

_TIMEOUTS, _PATIENCE = Timeouts(), Patience()


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def connect(
    url: str,
    key: SecretStr,
    *,
    rate: float = 5.0,
    share: float = 0.8,
    in_flight: int | None = None,
    timeouts: Timeouts = _TIMEOUTS,
    patience: Patience = _PATIENCE,
    clock: Clock = time.monotonic,
    sleep: Sleep = asyncio.sleep,
    now: Callable[[], datetime] = _utc_now,
    jitter: random.Random | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[ActiveCampaign]:
    """Open a client for the account at `url`. Makes no request by itself; raises SettingsError.

    `rate` is the account's limit in requests per second and `share` the part of it to use. `in_flight`
    requests are under way at most; by default enough for the pace while answers take up to a second.
    """
    if not 0 < rate < math.inf or not 0 < share <= 1:
        raise SettingsError("The rate must be above 0 requests per second, and its share above 0 and at most 1.")
    address = parse_address(url)
    flying = in_flight or max(4, math.ceil(rate * share) + 1)
    async with open_http(address, key, timeouts, flying, transport) as http:
        caller = Caller(
            http, Limiter(rate, share, clock=clock, sleep=sleep), in_flight=flying, whole=timeouts.whole,
            patience=patience, clock=clock, sleep=sleep, now=now, jitter=jitter or random.Random(),  # noqa: S311
        )  # fmt: skip
        yield ActiveCampaign(address, caller, BulkImport(caller, share, clock=clock, sleep=sleep), now)
