"""Opening a client."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from ac_pipeline.activecampaign.address import parse_address, parse_tracking_address
from ac_pipeline.activecampaign.bulk import BulkImport
from ac_pipeline.activecampaign.caller import Caller
from ac_pipeline.activecampaign.client import ActiveCampaign
from ac_pipeline.activecampaign.connection import Timeouts, open_host, open_http
from ac_pipeline.activecampaign.limiter import Clock, Limiter, Sleep
from ac_pipeline.activecampaign.tracking import EventKey, Tracker
from ac_pipeline.activecampaign.waits import Patience
from ac_pipeline.errors import SettingsError
from ac_pipeline.model.tracking import TrackingAccess

_TIMEOUTS, _PATIENCE = Timeouts(), Patience()


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def connect(
    url: str,
    key: SecretStr,
    *,
    tracking: TrackingAccess | None = None,
    rate: float = 5.0,
    share: float = 0.8,
    in_flight: int | None = None,
    limiter: Limiter | None = None,
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

    `limiter` goes on with the pace of an earlier client of the account, one at a time.

    Requests to the tracking host count against the same rate, because no limit of its own is documented; without
    `tracking` none can be made.
    """
    if not 0 < rate < math.inf or not 0 < share <= 1:
        raise SettingsError("The rate must be above 0 requests per second, and its share above 0 and at most 1.")
    address = parse_address(url)
    flying = in_flight or max(4, math.ceil(rate * share) + 1)
    pace = limiter or Limiter(rate, share, clock=clock, sleep=sleep)

    def caller_of(http: httpx.AsyncClient) -> Caller:
        return Caller(
            http, pace, in_flight=flying, whole=timeouts.whole,
            patience=patience, clock=clock, sleep=sleep, now=now, jitter=jitter or random.Random(),  # noqa: S311
        )  # fmt: skip

    async with AsyncExitStack() as opened:
        caller = caller_of(await opened.enter_async_context(open_http(address, key, timeouts, flying, transport)))
        tracker = None
        if tracking is not None:
            host = open_host(parse_tracking_address(tracking.url), EventKey(tracking), timeouts, flying, transport)
            tracker = Tracker(caller_of(await opened.enter_async_context(host)), tracking.actid)
        bulk = BulkImport(caller, share, clock=clock, sleep=sleep)
        yield ActiveCampaign(address, caller, bulk, now, tracker)
