"""A sync plans once, and again only for a reason: what it learnt since."""

from __future__ import annotations

import logging
import uuid

import pytest

from ac_pipeline.sync.session import open_session
from pipeline.pipeline_support import Company

AGAIN = "to be planned again: "


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return why the syncs since the last question planned again."""
    found = [record.getMessage().removeprefix(AGAIN) for record in caplog.records if AGAIN in record.getMessage()]
    caplog.clear()
    return found


@pytest.mark.parametrize("size", [2, 12])
def test_a_sync_plans_again_only_when_it_learnt_something(
    company: Company, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    """The first one learns ids of fields and tags; the next ones nothing before they send."""
    caplog.set_level(logging.INFO, logger="ac_pipeline.sync.current")
    users = company.crowd(size + 1)
    company.audience("Buyers", *users[:size], membership={"tag": "Buyer"})
    company.trait("Spent", "number", dict.fromkeys(users, 5), stored="double")
    assert company.sync().delivery.acknowledged == size
    assert {reason.partition(" (")[0] for reason in reasons(caplog)} == {"custom fields", "tags and lists", "answers"}

    company.clock.next_window()
    company.trait("Spent", "number", dict.fromkeys(users, 6), stored="double")
    assert company.sync().delivery.acknowledged == size
    assert reasons(caplog) == []

    # Whoever is new may be there already; nobody is, so the plan stands until the new contact has its id.
    company.clock.next_window()
    company.audience("Buyers", *users, membership={"tag": "Buyer"})
    assert company.sync().delivery.created == 1
    assert reasons(caplog) == ["answers (1)"]


def test_a_session_keeps_to_the_memory_that_is_set(company: Company) -> None:
    """STORE_MEMORY holds for everything that is asked of the store."""
    settings = company.settings().model_copy(update={"store_memory": "700MB"})
    with open_session(settings, kind="plan", run_id=str(uuid.uuid4()), clock=company.clock, publishes=False) as session:
        limit = session.store.connection.execute("select current_setting('memory_limit')").fetchone()
    assert limit == ("667.5 MiB",)
