"""Where a home stands: the numbers that `status`, Dagster's checks and its alerts share."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.home import Home
from ac_pipeline.store.store import naive
from ac_pipeline.sync import again
from ac_pipeline.sync.checkup import Limits, judge_declarations, judge_health
from ac_pipeline.sync.health import Health, published_health
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_support import POINTS, READERS, Company, Service

NO_TIME = 1e-9
"""A budget, in minutes, in which nothing can be sent."""


def health(company: Company) -> Health:
    found = published_health(Home.at(company.home))
    assert found is not None
    return found


def sync(company: Company, **changes: object) -> datetime:
    """Run the whole chain with other settings; return when it began, as the store says it."""
    settings, window = company.settings().model_copy(update=changes), company.window()
    with open_session(settings, kind="sync", run_id=str(uuid.uuid4()), clock=company.clock) as session:
        begun = session.store.now()
        session.extract(window)
        session.snapshot(window)
        session.deliver()
    return begun


def test_what_waits_is_counted_and_dated_until_it_is_told(company: Company, account: Service) -> None:
    """Since the change itself; since it was first approved, where history is older; since a resend was asked for."""
    company.declare("traits/points", POINTS)
    company.members("buyers", *company.crowd(4))
    assert published_health(Home.at(company.home)) is None
    begun = sync(company, sync_budget=NO_TIME)
    found = health(company)
    assert (found.pending, account.sent()) == (4, 0)
    assert found.pending_since is not None
    assert begun <= found.pending_since <= begun + timedelta(seconds=1), "not since the window, which is older"

    sync(company)
    newest = naive(company.window().end)
    found = health(company)
    assert (found.pending, found.pending_since) == (0, None)
    assert (found.newest, found.source, found.delivered, found.behind) == (newest, newest, newest, ())

    company.clock.next_window()
    changed = naive(company.window().end)
    company.points({"1": 7})
    sync(company, sync_budget=NO_TIME)
    company.clock.next_window()
    company.points({"1": 8, "2": 1})
    sync(company, sync_budget=NO_TIME)
    found = health(company)
    assert (found.pending, found.pending_since) == (2, changed), "the first change that was not told"
    company.members("buyers", "2", "3", "4")
    company.clock.next_window()
    sync(company)
    assert health(company).pending == 0

    with open_session(company.settings(), kind="resend", run_id="resend", clock=company.clock) as session:
        asked = session.store.now()
        again.resend(session.store, session.settings, session.declarations, ["buyers"])
    found = health(company)
    assert (found.pending, found.pending_since is not None) == (4, True)
    assert abs((found.pending_since or asked) - asked) < timedelta(seconds=1)
    said = company.run("status", "--json").json["health"]
    assert (said["pending"], said["rejected"], said["behind"]) == (4, 0, [])
    assert said["pending_since"] == str(found.pending_since)
    assert said["verdicts"]["nothing_waits_long"] is False, "for years, by the clock of this machine"
    assert "4 contacts wait" in company.run("status").out


def test_an_answer_that_never_came_waits_and_a_refusal_counts_among_the_refused(
    company: Company, account: Service
) -> None:
    """Both are the next sync's, or a person's; neither is lost from sight."""
    company.members("buyers", *company.crowd(2))
    account.misbehave({"script": [None, "email_invalid"], "path": "/contact/sync"})
    sync(company)
    company.members("buyers", *company.crowd(3))
    account.misbehave({"kind": "login_page", "path": "/contact/sync"})
    with pytest.raises(OwnerMustAct):
        sync(company)
    found = health(company)
    assert (found.pending, found.rejected, found.known) == (1, 1, 2)
    account.misbehave()
    sync(company)
    found = health(company)
    assert (found.pending, found.rejected, found.known) == (0, 1, 3)

    now = company.clock.moment
    limits = Limits.of(company.settings(), now)
    passed = {verdict.name: verdict.passed for verdict in judge_health(found, limits, naive(now))}
    assert passed == {
        "source_is_fresh": True,
        "delivery_is_fresh": True,
        "nothing_waits_long": True,
        "few_are_refused": False,
    }
    late = {verdict.name: verdict.passed for verdict in judge_health(found, limits, naive(now + 4 * limits.late))}
    assert (late["source_is_fresh"], late["delivery_is_fresh"]) == (False, False)


def test_declarations_are_judged_by_their_newest_window(company: Company, account: Service) -> None:
    """Keys, addresses, values, size, guard and extraction, each by what was found of it."""
    company.declare("audiences/readers", READERS)
    company.trait("Score", "number", {"1": "old"})
    crowd = [(str(number), f"u{number}@example.com", "A", None, None) for number in range(1, 61)]
    company.people(*crowd)
    company.members("buyers", *(str(number) for number in range(1, 61)))
    company.members("readers", "1")
    sync(company)
    company.people(*crowd, ("61", "nonsense", "A", None, None))
    company.members("buyers", "1", "1")
    company.run_sql("drop table readers", "insert into buyers values (null, '2020-01-01')")
    company.clock.next_window()
    settings = company.settings()
    with open_session(settings, kind="sync", run_id=str(uuid.uuid4()), clock=company.clock) as session:
        session.extract(company.window())
        session.snapshot(company.window())
        limits = Limits.of(settings, company.clock())
        judged = judge_declarations(session.store.connection, session.declarations, limits)
    failed = {key: {one.name: one.said for one in verdicts if not one.passed} for key, verdicts in judged.items()}
    assert {key: set(found) for key, found in failed.items()} == {
        "contacts": {"emails"},
        "buyers": {"keys", "size", "guard"},
        "readers": {"extracted"},
        "score": {"values"},
    }
    assert failed["contacts"]["emails"] == "1 rows: invalid_email"
    assert "60 contacts became 1" in failed["buyers"]["size"]
    assert "59 of 60 contacts would leave" in failed["buyers"]["guard"]
    assert health(company).behind == ("buyers", "readers")
    held = health(company).held
    assert [(one.key, "59 of 60" in one.reason) for one in held] == [("buyers", True)]
