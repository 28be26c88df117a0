"""What the calls of one handle share: the store and its lock, one connection and one pace, the account's names."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

from ac_pipeline.activecampaign import ActiveCampaign, connect
from ac_pipeline.activecampaign.address import parse_address
from ac_pipeline.activecampaign.limiter import Limiter
from ac_pipeline.calls.catalog import Catalog
from ac_pipeline.calls.loop import closed
from ac_pipeline.model.declaration import Declarations
from ac_pipeline.settings import Settings
from ac_pipeline.store.account import bind_account, require_host
from ac_pipeline.store.store import Store
from ac_pipeline.sync.event_access import tracking_access
from ac_pipeline.sync.session import Session

_RESERVED = re.compile(r"[@.](example\.(com|net|org)|example|test|invalid|localhost)$")
"""Domains at which nobody lives (RFC 2606), as store/sql/plan.sql has them."""
_paces: dict[tuple[str, float, float], Limiter] = {}
"""The pace of each account, which goes on from one handle of this process to the next."""


class Connection:
    """One account, from the first call that needs it on."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._opened = AsyncExitStack()
        self._client: ActiveCampaign | None = None
        self._catalog: Catalog | None = None
        self._bound = self._closed = False
        self._asked: dict[str, bool] = {}
        url, self._key = self.settings.account()
        self._address = parse_address(url)
        require_host(self.store, self._address.host)

    def pace(self) -> Limiter:
        """Return the account's limiter, which every handle of this process goes on with."""
        rate, share = self.settings.activecampaign_rate, self.settings.activecampaign_rate_share
        made = Limiter(rate, share, clock=time.monotonic, sleep=asyncio.sleep)
        return _paces.setdefault((self._address.host, rate, share), made)

    @property
    def settings(self) -> Settings:
        """The settings of the handle."""
        return self._session.settings

    @property
    def store(self) -> Store:
        """The store, which this process holds. Raises InvalidCall after the end."""
        if self._closed:
            raise closed()
        return self._session.store

    @property
    def declarations(self) -> Declarations:
        """What the warehouse speaks for."""
        return self._session.declarations

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests made so far by endpoint."""
        return self._client.requests if self._client else {}

    def invented(self, email: str) -> bool:
        """Whether nobody can have the address, and the account is a real one."""
        return not self._address.loopback and _RESERVED.search(email) is not None

    async def client(self, *, bind: bool = True) -> ActiveCampaign:
        """Return the account's client; the home is bound to the account before anything is written there.

        Raises WrongAccount, OwnerMustAct or ServiceUnavailable.
        """
        if self._client is None:
            self._client = await self._open()
        if not self._bound:
            account = await self._client.account()
            if bind:
                bind_account(self.store, account)
                self._bound = True
        return self._client

    async def catalog(self, *, rehearsal: bool = False) -> Catalog:
        """Return the account's names."""
        if self._catalog is None:
            self._catalog = Catalog(await self.client(bind=not rehearsal))
        self._catalog.rehearsal, self._catalog.wanted = rehearsal, []
        return self._catalog

    async def once(self, what: str, ask: Callable[[], Awaitable[bool]]) -> bool:
        """Return what the account answers to a question; a yes is not asked for again."""
        if not self._asked.get(what):
            self._asked[what] = await ask()
        return self._asked[what]

    async def close(self) -> None:
        """Close the connection; no call can be made afterwards."""
        self._closed = True
        await self._opened.aclose()

    async def _open(self) -> ActiveCampaign:
        rate, share = self.settings.activecampaign_rate, self.settings.activecampaign_rate_share
        return await self._opened.enter_async_context(
            connect(
                self._address.base_url, self._key, tracking=tracking_access(self.settings)[0],
                rate=rate, share=share, limiter=self.pace(),
            )
        )  # fmt: skip
