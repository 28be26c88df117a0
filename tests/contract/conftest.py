"""The accounts of the contract suite. Only those that exist are collected: nothing is skipped."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from contract.accounts import Account, existing, opened
from contract.desk import Desk


@pytest.fixture(scope="session", params=existing())
def account(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account without contacts of others; what earlier runs left in it is gone."""
    with opened(request.param, tmp_path_factory.mktemp("account")) as found:
        with httpx.Client(base_url=f"{found.url}/api/3", headers={"Api-Token": found.key}, timeout=60) as http:
            Desk(found, http).clean_up_after_earlier_runs()
        yield found


@pytest.fixture
def desk(account: Account) -> Iterator[Desk]:
    """A place to work at; everything created there is deleted afterwards."""
    with httpx.Client(base_url=f"{account.url}/api/3", headers={"Api-Token": account.key}, timeout=60) as http:
        desk = Desk(account, http)
        try:
            yield desk
        finally:
            desk.clean()
