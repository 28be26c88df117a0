"""Runs that are killed, stopped or cut off: nothing is lost, nothing is invented, and the next run goes on."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from pipeline.pipeline_support import SYNC, Company, Service, end, killing, service

MEMBERS = 40
PACE = 20
IN_FLIGHT = 20
"""What the client has under way at that pace."""
SETUP = 3
"""Requests before the first contact of an account whose fields are there."""
NO_ANSWER = "the process ended before the answer"


@pytest.fixture
def busy(company: Company, account: Service) -> Company:
    """A company that has told its account about nobody but one, and now has MEMBERS more to tell at a slow pace."""
    company.declare("destination", "import_from: 1000\n")
    company.crowd(MEMBERS + 1)
    company.members("buyers", str(MEMBERS + 1))
    company.sync()
    account.forget_requests()
    company.members("buyers", *(str(number) for number in range(1, MEMBERS + 2)))
    company.rate = PACE
    return company


def expected(count: int = MEMBERS + 1) -> dict[str, dict[str, str]]:
    """Return what the account must hold in the end."""
    return {f"u{number}@example.com": {"Buyers": "true"} for number in range(1, count + 1)}


def finish(company: Company) -> None:
    """Run to the end without a pace."""
    company.rate = 1000
    company.sync()


def test_however_often_delivery_is_killed_the_account_ends_up_equal_to_the_truth(
    busy: Company, account: Service
) -> None:
    """Before the first contact, at the first one, and twice among answers: only what was in flight is said again."""
    requests = 0
    for request in (SETUP, SETUP + 1, SETUP + 9, SETUP + 14):
        account.forget_requests()
        child = busy.start_sync()
        account.door.at(request, killing(child))
        assert end(child).code == -signal.SIGKILL
        requests += account.sent()
        assert (busy.home / "store.holder.json").exists(), "it had no time to tidy up"
    account.forget_requests()
    finish(busy)
    requests += account.sent()

    assert account.told() == expected()
    unanswered = busy.ask(f"select count(*) from deliveries where reason = '{NO_ANSWER}' group by run_id")
    assert 0 < max(count for (count,) in unanswered) <= IN_FLIGHT
    assert requests - MEMBERS <= sum(count for (count,) in unanswered)
    assert busy.ask("select state, count(*) from runs group by state order by state") == [
        ("dead", 4),
        ("succeeded", 2),
    ]
    account.forget_requests()
    assert busy.sync().delivery.planned == 0
    assert account.requests() == []


def test_a_creation_that_was_never_answered_is_taken_back_when_the_member_has_left(
    busy: Company, account: Service
) -> None:
    """The contact may be there: somebody looks, and whoever is there is told `false`."""
    child = busy.start_sync()
    account.door.at(SETUP + 10, killing(child))
    end(child)
    held_at = len(account.told())
    assert held_at > 1

    busy.declare("audiences/buyers", "name: Buyers\nguard: {max_exit_share: 1}\nsql: select user_id from buyers\n")
    busy.members("buyers", str(MEMBERS + 1))
    finish(busy)

    told = account.told()
    assert told.pop(f"u{MEMBERS + 1}@example.com") == {"Buyers": "true"}
    assert len(told) >= held_at - 1
    assert set(map(str, told.values())) == {str({"Buyers": "false"})}
    assert busy.sync().delivery.planned == 0


@pytest.mark.parametrize("line", ["contacts: ", "buyers: "])
def test_a_run_killed_while_it_extracts_or_takes_the_snapshot_leaves_nothing_behind(
    company: Company, account: Service, line: str
) -> None:
    """The next run starts from nothing; the dead one is marked, its working folder is gone."""
    users = company.crowd(3)
    company.run_sql("insert into buyers select range::varchar, timestamp '2020-01-01' from range(1000, 100000)")
    slow = "and (select count(*) from range(100000000000)) > 0" if line == "contacts: " else ""
    company.declare("audiences/buyers", f"name: Buyers\nsql: select user_id from buyers where since <= :as_of {slow}\n")
    child = company.start_sync()
    assert child.stderr is not None
    said = next(text for text in child.stderr if line in text)
    child.kill()
    assert "rows extracted" in said
    assert end(child).code == -signal.SIGKILL
    assert list((company.home / "work").iterdir())
    assert account.requests() == []

    company.declare("audiences/buyers", "name: Buyers\nsql: select user_id from buyers where since <= :as_of\n")
    company.members("buyers", *users)
    company.sync()

    assert account.told() == expected(3)
    assert company.ask("select state from runs order by state") == [("dead",), ("succeeded",)]
    assert list((company.home / "work").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_delivery_is_a_pause(busy: Company, account: Service, number: signal.Signals) -> None:
    """What was answered is recorded and published, one sentence says so, and the next run sends the rest."""
    child = busy.start_sync()
    account.door.at(SETUP + 12, killing(child, number))
    ended = end(child)

    assert ended.code == 130
    assert "Stopped. What was answered is recorded" in ended.err
    sent = account.sent()
    assert sent < MEMBERS
    ((recorded,),) = busy.ask("select count(*) from deliveries where outcome = 'acknowledged'")
    assert sent + 1 - IN_FLIGHT <= recorded <= sent + 1
    assert busy.ask("select state from runs order by started_at desc limit 1") == [("failed",)]
    assert not (busy.home / "store.holder.json").exists()

    account.forget_requests()
    finish(busy)
    assert account.told() == expected()
    assert account.sent() <= MEMBERS + 1 - recorded


def test_an_account_that_goes_away_in_the_middle_costs_nothing(company: Company, tmp_path: Path) -> None:
    """Connections are refused, the run ends with exit code 7, and the next one continues."""
    company.declare("destination", "import_from: 1000\n")
    company.crowd(MEMBERS + 1)
    company.members("buyers", *(str(number) for number in range(1, MEMBERS + 2)))
    state, gone, child = tmp_path / "state.sqlite", threading.Event(), None
    company.rate = PACE
    with service(state) as first:
        company.url, port = first.sandbox.url, first.sandbox.port
        first.door.at(20, gone.set)
        child = company.start_sync()
        assert gone.wait(60)
    ended = end(child)

    assert ended.code == 7
    assert "ActiveCampaign cannot be reached." in ended.err
    ((recorded,),) = company.ask("select count(*) from deliveries where outcome = 'acknowledged'")
    assert recorded > 0
    assert company.ask("select members from audience_sizes") == [(MEMBERS + 1,)]

    with service(state, port=port) as again:
        again.forget_requests()
        finish(company)
        assert again.told() == expected()
        assert again.requests(SYNC) == [SYNC] * (MEMBERS + 1 - recorded)
