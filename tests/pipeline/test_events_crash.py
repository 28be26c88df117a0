"""Events under kills: none is lost, and none is told twice but as the setting allows."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from pipeline.events_support import Shop, event
from pipeline.pipeline_account import EVENT
from pipeline.pipeline_support import Service, end, killing

PEOPLE = 12
BEFORE = 7
"""Requests before the first event: who, which account, tracking, automations, names, one name registered each."""
TRACK = "call: track\nevent: Order Completed\nfrom: all\nsql: select * from {table}\n"
LOG = "GET /contacts/{id}/trackingLogs"


@pytest.fixture
def shop(tmp_path: Path, account: Service) -> Shop:
    """A shop whose customers are contacts, and that tells the account what happens at a slow pace."""
    shop = Shop(tmp_path / "shop", account.sandbox.url)
    account.track()
    shop.members("buyers", *shop.crowd(PEOPLE))
    shop.sync()
    shop.clock.next_window()
    shop.rate = 8  # so that not everybody is in flight at once
    return shop


def kill_at(shop: Shop, account: Service, request: int) -> None:
    """Run until a request, and kill."""
    account.forget_requests()
    child = shop.start_sync()
    account.door.at(request, killing(child))
    assert end(child).code == -signal.SIGKILL


def finish(shop: Shop) -> None:
    """Run to the end without a pace."""
    shop.rate = 1000
    shop.sync()
    shop.sync_later()


def test_whatever_is_killed_each_event_is_told_once_where_the_account_can_tell(shop: Shop, account: Service) -> None:
    """Purchases, entries of an audience and enrolments; killed between request and record, twice."""
    account.create_automation("Welcome")
    shop.stream("orders", TRACK)
    users = [str(number) for number in range(1, PEOPLE + 1)]
    shop.happened("orders", *(event(user, shop.ago(), value=user) for user in users))
    automation = {"automation": "Welcome", "from": "all"}
    shop.audience("Readers", *users, membership={"field": False, "events": True, "automation": automation})
    for request in (BEFORE + 6, BEFORE + 8):
        kill_at(shop, account, request)
    finish(shop)

    emails = [f"u{user}@example.com" for user in users]
    assert Counter(account.tracked()) == Counter(
        [(f"u{user}@example.com", "Order Completed", user) for user in users]
        + [(email, "Audience Entered", "readers") for email in emails]
    )
    assert account.enrolled("Welcome") == sorted(emails)
    assert shop.ask("select state, count(*) from events group by state") == [("sent", 3 * PEOPLE)]
    looked_into = shop.ask("select count(*) from engine.event_outcome where reason in ('found', 'absent')")
    assert looked_into[0][0] > 0, "nothing was in flight"


def test_where_the_account_cannot_tell_the_setting_decides(shop: Shop, account: Service) -> None:
    """`skip`: at most once; `repeat`: at least once, and twice only what was in flight."""
    for key, doubt in (("careful", "skip"), ("eager", "repeat")):
        shop.stream(key, TRACK + f"after_doubt: {doubt}\n")
    for number in range(1, PEOPLE + 1):
        key = ("careful", "eager")[number % 2]
        shop.happened(key, event(str(number), shop.ago(), value=f"{key} {number}"))
    kill_at(shop, account, 5 + 6)
    arrived = len(account.tracked())
    account.misbehave({"kind": "not_found", "path": LOG.removeprefix("GET ")})
    finish(shop)

    told = Counter(value for _, _, value in account.tracked())
    careful = {value: count for value, count in told.items() if value.startswith("careful")}
    eager = {value: count for value, count in told.items() if value.startswith("eager")}
    skipped = shop.ask("select count(*) from events where state = 'unknown'")[0][0]
    assert set(careful.values()) == {1}
    assert PEOPLE // 2 - skipped <= len(careful) <= PEOPLE // 2
    assert len(eager) == PEOPLE // 2
    assert 0 < sum(count - 1 for count in eager.values()) <= arrived
    assert skipped > 0
    assert shop.ask("select distinct state, reason from events order by all") == [("sent", None), ("unknown", "skip")]
    account.forget_requests()
    shop.sync_later()
    assert account.requests(EVENT) == []
