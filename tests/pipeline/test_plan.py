"""`ac-pipeline plan`: what it says is what the sync does, and it leaves no trace."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ac_pipeline.home import Home
from ac_pipeline.settings import Settings
from ac_pipeline.store.lock import held_lock
from ac_pipeline.sync.plan import Plan
from ac_pipeline.sync.report import RunReport
from ac_pipeline.sync.scratch import scratch_home
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_support import READERS, SYNC, UPDATE, Company, Service, customer, person

IMPORT = "POST /import/bulk_import"


def plan_of(company: Company, settings: Settings | None = None) -> Plan:
    """Plan in this process, with the company's clock."""
    with (
        scratch_home(settings or company.settings()) as scratch,
        open_session(
            scratch.settings, kind="plan", run_id=str(uuid.uuid4()), clock=company.clock, publishes=False
        ) as session,
    ):
        session.extract(company.window())
        session.snapshot(company.window())
        return session.plan()


def footprint(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Return of every file its content's hash, its mode and when it was changed."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def assert_kept(plan: Plan, report: RunReport, account: Service) -> None:
    """What was asked of the account lies within the plan, and everything that was known is exact."""
    delivery = report.delivery
    asked = Counter(delivery.requests)
    planned = {one.endpoint: one.requests for one in plan.requests if not one.apart}
    assert asked.keys() <= planned.keys()
    for endpoint, estimate in planned.items():
        assert estimate.least <= asked[endpoint], endpoint
        assert estimate.most is None or asked[endpoint] <= estimate.most, endpoint
    assert plan.reading.least <= delivery.directory_requests
    assert plan.reading.most is None or delivery.directory_requests <= plan.reading.most
    assert len(account.requests()) == delivery.total_requests + delivery.directory_requests


def test_the_first_plan_needs_no_home_and_makes_none(company: Company, account: Service) -> None:
    """People, requests and what cannot be known are said; no request is made, no folder appears."""
    company.crowd(3)
    company.members("buyers", "1", "2")
    before = footprint(company.root)

    ended = company.run("plan", "--as-of", company.clock.moment.isoformat())
    told = company.run("plan", "--as-of", company.clock.moment.isoformat(), "--json").json

    assert ended.code == 0
    assert "Contacts to create: at most 2. To update: at most 2." in ended.out
    assert "POST /contact/sync" in ended.out
    assert (told["create"], told["requests"][SYNC]["expected"]) == ({"expected": 2, "at_least": 0, "at_most": 2}, 2)
    assert told["reading"] == {"GET /fieldValues": {"expected": None, "at_least": 0, "at_most": None}}
    assert {"catalog", "existing_contacts", "user_ids"} == told["not_known"].keys()
    assert told["fits"] is None
    assert (account.requests(), company.home.exists(), footprint(company.root)) == ([], False, before)


@pytest.mark.parametrize("size", [3, 30])
def test_a_sync_does_what_the_plan_said(company: Company, account: Service, size: int) -> None:
    """Singly and in bulk: entries, exits, changes, tags and lists, in exactly the requests that could be known."""
    account.create_list("News")
    account.forget_requests()
    users = company.crowd(size)
    company.audience("Buyers", *users[: size - 1], membership={"tag": "Buyer", "list": "News"})
    company.trait("Spent", "number", dict.fromkeys(users, 5), stored="double")
    first = plan_of(company)
    report = company.sync()

    assert report.delivery.plan is not None
    assert first.summary() | {"budget": 0} == report.delivery.plan.summary() | {"budget": 0}
    assert (first.creates.most, first.planned) == (report.delivery.created, size - 1)
    assert_kept(first, report, account)

    account.forget_requests()
    company.clock.next_window()
    company.audience("Buyers", *users[1:], membership={"tag": "Buyer", "list": "News"})
    company.trait("Spent", "number", dict.fromkeys(users, 6), stored="double")
    second = plan_of(company)
    report = company.sync()

    assert {one.key: (one.entered, one.exited, one.changed) for one in second.declarations} == {
        "buyers": (1, 1, 0), "spent": (0, 0, size),
    }  # fmt: skip
    assert (second.creates.most, second.updates.expected) == (1, size - 1)
    assert report.delivery.acknowledged == size
    assert_kept(second, report, account)
    # Everything but the pages of catalogs, and states on lists and tags that only the account knows, is exact.
    exact = {one.endpoint for one in second.requests if one.requests.least == one.requests.most}
    assert {SYNC, "POST /contactTags"} <= exact if size < 10 else IMPORT in exact

    account.forget_requests()
    third = plan_of(company)
    assert (third.planned, third.requests, third.seconds, third.fits) == (0, (), 0.0, True)
    assert company.sync().delivery.requests == {}
    assert account.requests() == []


def test_bulk_imports_are_counted_as_they_are_packed(company: Company, account: Service) -> None:
    """By 250, and by bytes where contacts are long; looks for people who must still exist are counted apart."""
    users = company.crowd(501)
    company.members("buyers", *users)
    plan = plan_of(company)
    assert next(one.requests for one in plan.requests if one.endpoint == IMPORT).most == 3
    assert_kept(plan, company.sync(), account)

    account.forget_requests()
    company.clock.next_window()
    company.trait("Story", "textarea", dict.fromkeys(users[200:260], "x" * 7000))
    company.members("buyers", *users[130:])
    plan = plan_of(company)
    report = company.sync()

    assert (plan.creates.most, plan.updates.expected) == (0, 190) == (report.delivery.created, report.delivery.planned)
    assert plan.reading.least == 2
    assert_kept(plan, report, account)
    assert len(account.requests(IMPORT)) == next(one.requests.most for one in plan.requests if one.endpoint == IMPORT)


def test_a_plan_writes_nothing_and_leaves_nothing_behind(
    company: Company, account: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home is the same to the byte, and no copy stays, whether it went well or not."""
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    company.crowd(4)
    company.members("buyers", "1", "2")
    company.sync()
    account.forget_requests()
    company.members("buyers", "2", "3")
    company.clock.next_window()
    before = footprint(company.home)

    assert plan_of(company).planned == 2
    company.run_sql("drop table contacts")
    company.url = "https://other.api-us1.com"
    with pytest.raises(Exception, match="belongs to"):
        plan_of(company)

    assert (footprint(company.home), list(spare.iterdir()), account.requests()) == (before, [], [])


def test_a_plan_waits_for_nobody(company: Company, account: Service) -> None:
    """A run that holds the home neither stops a plan nor is stopped by it; the plan says what it does not know."""
    company.crowd(4)
    company.members("buyers", "1", "2")
    company.sync()
    company.members("buyers", "1", "2", "3")
    company.clock.next_window()
    with held_lock(Home.at(company.home), "sync", 0):
        assert plan_of(company).creates.most == 1

    waiting = company.start_sync()
    try:
        ended = company.run("plan", "--as-of", company.clock.moment.isoformat())
    finally:
        waiting.communicate()
    assert ended.code == 0


def test_a_plan_during_a_sync_says_that_it_is_under_way(company: Company, account: Service) -> None:
    """While requests wait for answers, the copy is the one from before; that is said."""
    company.crowd(3)
    company.members("buyers", "1", "2")
    account.door.at(8, account.door.close)
    running = company.start_sync()
    while account.door.passed < 8:
        assert running.poll() is None
    told = company.run("plan", "--as-of", company.clock.moment.isoformat(), "--json").json
    account.door.open()
    running.communicate()

    assert (running.returncode, told["under_way"].startswith("sync that began"), told["create"]["at_most"]) == (
        0,
        True,
        2,
    )


def test_what_does_not_fit_is_carried_over_in_order(company: Company, account: Service) -> None:
    """Exits first, then entries, then values: a tiny budget leaves the last ones; the exit code is 0 all the same."""
    company.trait("Spent", "number", {str(user): 1 for user in range(1, 7)}, stored="double")
    company.crowd(9)
    company.members("buyers", "1", "2", "3", "4", "5", "6")
    company.sync()
    company.clock.next_window()
    company.members("buyers", "3", "4", "5", "6", "7", "8")
    company.trait("Spent", "number", {str(user): 2 for user in range(3, 7)}, stored="double")

    # 8 contacts, and 3 requests before them; the tags and lists need none.
    slow = company.settings().model_copy(update={"activecampaign_rate": 1.0, "activecampaign_rate_share": 0.5})
    roomy = plan_of(company, slow.model_copy(update={"sync_budget": 1.0}))
    assert (roomy.fits, roomy.carried_over, roomy.seconds) == (True, {}, 22.0)
    tight = plan_of(company, slow.model_copy(update={"sync_budget": 16 / 60}))
    assert (tight.fits, tight.carried_over) == (False, {"change": 3})
    tiny = plan_of(company, slow.model_copy(update={"sync_budget": 1 / 60}))
    assert sum(tiny.carried_over.values()) == 8

    ended = company.run(
        "plan", "--as-of", company.clock.moment.isoformat(), ACTIVECAMPAIGN_RATE="1", SYNC_BUDGET="0.05"
    )
    assert (ended.code, "It does not fit" in ended.out, "Carried over to the next sync" in ended.out) == (0, True, True)


def test_held_and_failed_declarations_are_shown(company: Company, account: Service) -> None:
    """What the guard would hold changes nothing; what cannot be computed is not known, which is not zero."""
    company.declare("audiences/readers", READERS)
    company.crowd(60)
    company.members("buyers", *(str(user) for user in range(1, 61)))
    company.members("readers", "1")
    company.sync()
    company.clock.next_window()
    company.members("buyers", "1")
    company.run_sql("drop table readers")

    ended = company.run("plan", "--as-of", company.clock.moment.isoformat())
    told: dict[str, Any] = company.run("plan", "--as-of", company.clock.moment.isoformat(), "--json").json

    assert (ended.code, told["total_requests"]["at_most"]) == (0, 0)
    assert "59 of 60 contacts would leave" in ended.out
    assert "not computed" in ended.out
    moves = {one["key"]: (one["entered"], one["exited"], bool(one["held"])) for one in told["declarations"]}
    assert moves == {"buyers": (0, 0, True), "readers": (None, None, False)}
    assert company.ask("from held") == []


def test_what_a_bulk_import_cannot_say_is_planned_as_calls_after_it(company: Company, account: Service) -> None:
    """Erased values and tags to be taken off follow singly; a reset's removals are at least what is known."""
    users = [str(number) for number in range(1, 13)]
    company.customers(*(customer(user, phone="030", tags="old") for user in users), nulls="clear")
    company.audience("Buyers", *users)
    company.sync()
    account.forget_requests()
    company.clock.next_window()
    company.customers(*(customer(user, phone=None, tags="new, newer") for user in users), nulls="clear")
    plan = plan_of(company)
    report = company.sync()

    requests = {one.endpoint: one.requests for one in plan.requests if not one.apart}
    assert (requests[IMPORT].most, requests[UPDATE].most, requests["DELETE /contactTags/{id}"].most) == (1, 12, 12)
    assert_kept(plan, report, account)


def test_an_older_window_plans_nothing(company: Company, account: Service) -> None:
    """Only the newest window is delivered, and the plan says why nothing is."""
    company.crowd(2)
    company.members("buyers", "1")
    company.sync()
    ended = company.run("plan", "--as-of", "2024-02-28T13:59")

    assert (ended.code, "only the newest is delivered" in ended.out) == (0, True)


def test_a_contact_is_planned_under_its_new_address(company: Company, account: Service) -> None:
    """A rename is a call by id; nobody is created by it."""
    company.crowd(2)
    company.members("buyers", "1", "2")
    company.sync()
    account.forget_requests()
    company.clock.next_window()
    company.people(("1", "moved@example.com", "Ann", None, None), person("2"))
    plan = plan_of(company)

    assert [(one.route, one.contacts) for one in plan.contacts] == [("update", 1)]
    assert (plan.creates.most, plan.known_contacts) == (0, 2)
    assert_kept(plan, company.sync(), account)
