"""One local ActiveCampaign for all tests of the pipeline; each test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.pipeline_support import Company, Service, service


@pytest.fixture(scope="session")
def shared_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The account's server, kept for the whole run because tests take turns."""
    with service(tmp_path_factory.mktemp("account") / "state.sqlite") as started:
        yield started


@pytest.fixture
def account(shared_account: Service) -> Iterator[Service]:
    """An empty account."""
    shared_account.start_anew()
    yield shared_account
    shared_account.door.reset()


@pytest.fixture
def company(tmp_path: Path, account: Service) -> Company:
    """A company that has done nothing yet, and talks to the account."""
    return Company(tmp_path / "company", account.sandbox.url)
