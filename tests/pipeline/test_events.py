"""Streams of events from the warehouse to the account: read once, told once, and what stands in their way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.events_support import Shop, event
from pipeline.pipeline_account import ENROL, EVENT
from pipeline.pipeline_support import Service, person

TRACK = "call: track\nevent: Order Completed\nsql: select * from {table}\n"
ALL = TRACK + "from: all\n"


@pytest.fixture
def shop(tmp_path: Path, account: Service) -> Shop:
    """A shop whose first two customers become contacts in its first run; the third is none."""
    shop = Shop(tmp_path / "shop", account.sandbox.url)
    shop.crowd(3)
    shop.members("buyers", "1", "2")
    account.track()
    return shop


def values(account: Service) -> list[str]:
    """Return the values of what was told, in the order in which it came."""
    return [value for _, _, value in account.tracked()]


def test_a_stream_begins_with_what_is_new_and_tells_late_rows_once(shop: Shop, account: Service) -> None:
    """An overlap of three hours is read again each time; what comes later than that is not told."""
    shop.stream("orders", TRACK)
    shop.happened("orders", event("1", shop.ago(), 1, value="old"))
    shop.sync()
    assert values(account) == []

    shop.clock.next_window()
    first = shop.ago(0.2)
    shop.happened("orders", event("1", first, 2, value="new"), event("2", shop.ago(-0.2), 3, value="of the future"))
    shop.sync()
    assert values(account) == ["new"]

    shop.clock.next_window()
    late, too_late = first - timedelta(hours=1), first - timedelta(hours=4)
    shop.happened("orders", event("1", late, 4, value="late"), event("1", too_late, 5, value="too late"))
    shop.sync()
    shop.sync()
    assert sorted(values(account)) == ["late", "new", "of the future"]

    shop.declare("events/orders", ALL.replace("{table}", "orders"))
    shop.sync_later()
    assert sorted(values(account)) == ["late", "new", "of the future", "old", "too late"], "history is asked for"


def test_rows_without_an_id_are_one_event_for_each_different_row(shop: Shop, account: Service) -> None:
    """Where the cursor is when rows came in, they may have happened long before."""
    sql = "select user_id, occurred_at, value, loaded_at from {table} where loaded_at > :since and loaded_at <= :as_of"
    stream = f"call: track\nevent: Order Completed\nfrom: all\ncursor: loaded_at\nsql: {sql}\n"
    shop.stream("orders", stream, loaded_at="timestamptz")
    loaded = f"{shop.ago().isoformat()}+00:00"
    long_ago = shop.ago(5000)
    for value in ("1", "1", "2"):
        shop.happened("orders", event("1", long_ago, value=value, loaded_at=loaded))
    shop.sync()
    shop.sync_later()
    assert sorted(values(account)) == ["1", "2"]


def test_a_stream_that_cannot_be_read_keeps_its_cursor_and_stops_no_other(shop: Shop, account: Service) -> None:
    """Neither other streams nor contacts; what is missing is told when it can be read."""
    for key in ("orders", "refunds"):
        shop.stream(key, ALL)
        shop.happened(key, event("1", shop.ago(), value=key))
    shop.run_sql("alter table orders rename to away")
    report = shop.sync()
    assert [(key, "orders" in why) for key, why in report.failed] == [("orders", True)]
    assert (values(account), set(account.told())) == (["refunds"], {"u1@example.com", "u2@example.com"})

    shop.run_sql("alter table away rename to orders", "alter table orders alter occurred_at type varchar")
    ((_, why),) = shop.sync_later().failed
    assert "VARCHAR" in why
    shop.run_sql("alter table orders alter occurred_at type timestamp")
    assert shop.sync_later().failed == ()
    assert values(account) == ["refunds", "orders"]


def test_who_is_no_contact_is_waited_for_or_not(shop: Shop, account: Service) -> None:
    """By setting, and counted; `drop` does not drop whom the same run makes a contact."""
    shop.stream("patient", ALL + "wait_for: 3 hours\n")
    shop.stream("strict", ALL + "unknown_contacts: drop\n")
    for key in ("patient", "strict"):
        shop.happened(key, event("1", shop.ago(), value=f"{key} 1"), event("3", shop.ago(), value=f"{key} 3"))
    report = shop.sync()
    assert sorted(values(account)) == ["patient 1", "strict 1"]
    assert report.delivery.events.reasons == {"waiting: no_contact": 1, "dropped: no_contact": 1}

    shop.sync_later()
    shop.sync_later()
    assert shop.ask("select stream, state, reason from events where user_id = '3' order by all") == [
        ("patient", "dropped", "no_contact"),
        ("strict", "dropped", "no_contact"),
    ]


def test_an_enrolment_is_made_once_for_each_entry(shop: Shop, account: Service) -> None:
    """By the automation's name; held results and windows computed again enrol and tell nobody twice."""
    account.create_automation("Welcome")
    shop.audience("Readers", "1", membership={"automation": "welcome", "events": True})
    shop.sync()
    assert (account.enrolled("Welcome"), len(account.tracked())) == ([], 1), "who was a member before is not enrolled"

    shop.members("readers", "1", "2")
    shop.sync_later()
    shop.sync()
    assert account.enrolled("Welcome") == ["u2@example.com"]

    shop.members("readers")
    assert [held.key for held in shop.sync_later().held] == ["readers"]
    shop.members("readers", "1", "2")
    shop.sync_later()
    assert (account.enrolled("Welcome"), len(account.tracked())) == (["u2@example.com"], 2)

    shop.audience("Readers", "1", "2", "3", membership={"automation": "Farewell"})
    report = shop.sync_later()
    assert any("Farewell" in text and "does not exist" in text for text in report.delivery.events.blocked)
    assert account.requests(ENROL) == [ENROL]


def test_what_was_told_is_forgotten_in_time_and_not_told_again(shop: Shop, account: Service) -> None:
    """Kept for 30 days, and longer where a row may be read again; a larger overlap later finds nothing forgotten."""
    shop.stream("orders", ALL)
    shop.happened("orders", event("1", shop.ago(), value="old"))
    shop.sync()
    shop.clock.moment += timedelta(days=40)
    shop.happened("orders", event("1", shop.ago(), 2, value="new"))
    shop.sync()
    assert shop.ask("select value, state from events") == [("new", "sent")]

    shop.declare("events/orders", ALL.replace("{table}", "orders") + "overlap: 90 days\n")
    shop.sync_later()
    assert values(account) == ["old", "new"]


def test_plan_status_and_sync_count_events_and_show_nobody(shop: Shop, account: Service) -> None:
    """As the command line says it; what a sync then does costs what the plan said. A retired stream says nothing."""
    shop.stream("orders", ALL + "wait_for: 9000 days\n")  # the command's clock is not the test's
    shop.happened("orders", *(event(user, shop.ago(), value=f"secret-{user}") for user in "123"))
    shop.people(person("1"), person("2"))
    shop.sync()
    shop.clock.next_window()
    shop.happened("orders", *(event(user, shop.ago(), 2, value=f"secret-{user}") for user in "12"))
    account.forget_requests()

    planned = shop.run("plan", "--json", "--as-of", shop.clock.moment.isoformat())
    assert (planned.json["events"]["due"], planned.json["events"]["at_most"]) == (2, 2)
    wanted = {endpoint: number["expected"] for endpoint, number in planned.json["requests"].items()}
    assert account.requests() == []
    done = shop.run_sync("--no-dbt")
    assert done.code == 0, done.text
    asked = account.requests()
    assert {endpoint: asked.count(endpoint) for endpoint in asked} == wanted
    assert "Events: 1 waiting, 2 sent." in done.out
    assert "secret" not in done.text
    assert "u1@" not in done.text

    rows = shop.run("status", "--json").json["events"]
    assert [(row["state"], row["events"]) for row in rows] == [("sent", 4), ("waiting", 1)]
    assert "1 streams of events" in shop.run("check").out

    shop.retire("events/orders")
    shop.happened("orders", event("1", shop.ago(-1), 3, value="after"))
    shop.members("buyers", "1", "2", "3")
    shop.people(person("1"), person("2"), person("3"))
    account.forget_requests()
    shop.sync_later()
    assert account.requests(EVENT) == []
    assert [row["declaration"] for row in shop.run("status", "--json").json["retired"]] == ["orders"]


def test_check_says_what_events_need(shop: Shop) -> None:
    """Only when events are declared, and without being a fault."""
    assert "none can be sent" not in shop.run("check", ACTIVECAMPAIGN_EVENT_KEY=None, ACTIVECAMPAIGN_ACTID=None).out
    shop.stream("orders", TRACK)
    said = shop.run("check", ACTIVECAMPAIGN_EVENT_KEY=None, ACTIVECAMPAIGN_ACTID=None)
    assert (said.code, "ACTIVECAMPAIGN_ACTID and ACTIVECAMPAIGN_EVENT_KEY are not set" in said.out) == (0, True)
