"""Bulk delivery through the real client to a simulated service: what is known when, and what a pause leaves."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, connect
from ac_pipeline.home import Home
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.store.ledger import fold
from ac_pipeline.store.outbox import fill_outbox, reconcile
from ac_pipeline.store.store import Store, open_store
from ac_pipeline.sync.bulk import ImportWaits, deliver_in_bulk
from ac_pipeline.sync.verdicts import Standing, Verdicts
from benchmarks.filled import DESTINATION, fill_desired
from benchmarks.import_service import Imports
from unit.activecampaign.simulated_time import simulate

CONTACTS = 1_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with new contacts, whose clock is the simulated one."""
    with open_store(Home.at(tmp_path / "home"), kind="test", run_id="run", clock=_now) as opened:
        fill_desired(opened, CONTACTS)
        yield opened


def _now() -> datetime:
    try:
        seconds = asyncio.get_running_loop().time()
    except RuntimeError:
        seconds = 0.0
    return datetime(2026, 3, 1, 8, tzinfo=UTC) + timedelta(seconds=seconds)


@asynccontextmanager
async def client_of(imports: Imports, requests: Counter[str]) -> AsyncIterator[ActiveCampaign]:
    """Open a client; `requests` counts what arrives, by path."""

    async def answer(request: httpx.Request) -> httpx.Response:
        requests[request.url.path.removeprefix("/api/3/")] += 1
        await asyncio.sleep(0.1)
        return imports.answer(request)

    clock = asyncio.get_running_loop().time
    async with connect(
        "http://localhost", SecretStr("key"), share=1.0, clock=clock, now=_now, jitter=random.Random(1),
        transport=httpx.MockTransport(answer),
    ) as client:  # fmt: skip
        yield client


async def deliver(store: Store, client: ActiveCampaign, verdicts: Verdicts) -> None:
    """Plan and send what goes by import, and fold."""
    reconcile(store)
    fill_outbox(store, DESTINATION)
    try:
        await deliver_in_bulk(store, client, verdicts, ImportWaits(), exclude_automations=False)
    finally:
        fold(store)


def known(store: Store) -> dict[str, str]:
    """Return address → id of the contacts that are known in the account."""
    return dict(store.connection.execute("select email, remote_id from engine.remote_contact").fetchall())


def test_contacts_are_acknowledged_at_once_and_their_ids_read_in_full_pages(store: Store) -> None:
    """Each import takes a question, and a hundred new contacts a page, whatever import they came in."""
    imports, requests, named = Imports(6.0), Counter[str](), []

    def progress(standing: Standing) -> None:
        if standing.acknowledged == CONTACTS:
            named.append(len(known(store)))

    async def run() -> None:
        async with client_of(imports, requests) as client:
            await deliver(store, client, Verdicts(progress=progress, clock=asyncio.get_running_loop().time))

    simulate(run())
    assert requests == {"import/bulk_import": 4, "import/info": 4, "contacts": CONTACTS / 100}
    assert known(store) == imports.ids
    assert named[0] < CONTACTS


@pytest.mark.parametrize("pause", ["budget", "cancelled"])
def test_ids_that_were_not_read_are_read_by_a_later_run_and_nothing_is_said_twice(store: Store, pause: str) -> None:
    """A sync that has to stop lets nobody wait for an acknowledgement because of them."""
    imports, requests = Imports(6.0), Counter[str]()

    async def stopped() -> Verdicts:
        verdicts = Verdicts(clock=asyncio.get_running_loop().time)

        def stop(standing: Standing) -> None:
            if standing.acknowledged == CONTACTS:
                verdicts.deadline = verdicts.clock() if pause == "budget" else None
                asyncio.get_running_loop().call_soon(sending.cancel if pause == "cancelled" else sending.done)

        verdicts.progress = stop
        async with client_of(imports, requests) as client:
            sending = asyncio.ensure_future(deliver(store, client, verdicts))
            await asyncio.gather(sending, return_exceptions=True)
        return verdicts

    async def again() -> None:
        async with client_of(imports, requests) as client:
            await deliver(store, client, Verdicts(clock=asyncio.get_running_loop().time))

    assert simulate(stopped()).tally == {Outcome.ACKNOWLEDGED: CONTACTS}
    assert 0 < len(known(store)) < CONTACTS
    left, before = CONTACTS - len(known(store)), requests["contacts"]
    simulate(again())
    assert known(store) == imports.ids
    assert (requests["import/bulk_import"], requests["import/info"]) == (4, 4)
    assert requests["contacts"] - before == left / 100
