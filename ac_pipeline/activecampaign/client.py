"""The client of one ActiveCampaign account."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from ac_pipeline.activecampaign import contacts
from ac_pipeline.activecampaign.account import account_name, user_id
from ac_pipeline.activecampaign.address import Address, parse_address
from ac_pipeline.activecampaign.caller import Caller
from ac_pipeline.activecampaign.connection import Timeouts, open_http
from ac_pipeline.activecampaign.fields import Fields
from ac_pipeline.activecampaign.limiter import Clock, Limiter, Sleep
from ac_pipeline.activecampaign.waits import Patience
from ac_pipeline.errors import SettingsError
from ac_pipeline.model.account import Account, Field, FieldSpec
from ac_pipeline.model.delivery import Answer

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
        yield ActiveCampaign(address, caller)


class ActiveCampaign:
    """One account. Its methods may be awaited side by side; the limiter puts their requests in order.

    Methods that return an Answer raise nothing the network or the service causes; the others raise
    OwnerMustAct or ServiceUnavailable.
    """

    def __init__(self, address: Address, caller: Caller) -> None:
        self._address, self._caller = address, caller
        self._fields = Fields(caller)
        self._key_works = False

    def __repr__(self) -> str:
        return f"ActiveCampaign({self._address.host})"

    @property
    def host(self) -> str:
        """Host of the API URL, with the port unless it is the default."""
        return self._address.host

    @property
    def in_flight(self) -> int:
        """How many requests are under way at most; more calls than that wait their turn."""
        return self._caller.in_flight

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests made so far by endpoint (`PUT /contacts/{id}`), repeated and throttled ones included."""
        return dict(sorted(self._caller.requests.items()))

    async def me(self) -> str:
        """Check URL and key; return the id of the key's user."""
        found = await user_id(self._caller)
        self._key_works = True
        return found

    async def account(self) -> Account:
        """Return which account this is; its name is None when the key may not read it."""
        if not self._key_works:
            await self.me()
        return Account(self.host, await account_name(self._caller))

    async def fields(self) -> list[Field]:
        """Return all custom fields of contacts."""
        return await self._fields.all()

    async def create_field(self, spec: FieldSpec) -> Field:
        """Create a custom field, complete and shown on all lists; one of that title is used if there is one."""
        return await self._fields.create(spec)

    async def complete_field(self, field: Field, spec: FieldSpec) -> Field:
        """Add what a field lacks: options, and what a crash left undone; free when there is nothing to add."""
        return await self._fields.complete(field, spec)

    async def find_contact(self, email: str) -> str | None:
        """Return the id of the contact with that address, None when there is none."""
        return await contacts.find_contact(self._caller, email)

    async def sync_contact(self, body: str) -> Answer:
        """Create or update a contact by e-mail; `body` is the finished JSON of contact/sync."""
        return await contacts.sync_contact(self._caller, body)

    async def update_contact(self, remote_id: str, body: str) -> Answer:
        """Update a contact by id; `body` is the finished JSON. A contact that is gone is rejected as `not found`."""
        return await contacts.update_contact(self._caller, remote_id, body)
