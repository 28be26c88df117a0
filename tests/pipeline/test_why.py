"""`ac-pipeline why`: the story of one contact, and a reason for everything that was not said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from ac_pipeline.errors import Inconsistent, UnknownName
from ac_pipeline.home import Home
from ac_pipeline.model.delivery import NOT_TAKEN, OPT_OUT_REASONS, Outcome
from ac_pipeline.model.events import EventState
from ac_pipeline.report import read_figures
from ac_pipeline.store import problems
from ac_pipeline.sync.session import open_session
from ac_pipeline.why import Explanation, Standing, explain, sentences
from pipeline.pipeline_support import Company, Service, customer

NEWS = {"field": True, "tag": "Buyer", "list": {"list": "News"}}


@pytest.fixture
def story(company: Company, account: Service) -> Iterator[Company]:
    """Six users, one of each kind, after one sync."""
    news = account.create_list("News")
    account.create("u2@example.com", firstName="Two")
    account.unsubscribe("u2@example.com", news)
    company.customers(
        *(customer(user) for user in "123"),
        {"user_id": "4", "email": "u4@example.com"},
        customer("6", email="u6@not_an_address.com"),
    )
    company.audience("Buyers", "1", "2", "4", "5", "6", membership=NEWS)
    company.trait("Points", "number", {"1": "7", "3": "1"})
    company.sync()
    return company


def tell(company: Company, name: str, key: str | None = None) -> Explanation:
    """Explain somebody from the published copy, in this process."""
    with duckdb.connect(company.home / "ac_pipeline.duckdb", read_only=True) as published:
        return explain(published, Home(company.home), name, key)


def now(found: Explanation) -> dict[str, Standing]:
    return {one.key: one for one in found.standings}


def test_everything_that_was_said_or_not_has_its_reason(story: Company) -> None:
    """A member, an opt-out, somebody in no audience, somebody without a name, without a row, and a refused one."""
    member, opted_out, outsider = (tell(story, f" U{user}@Example.com") for user in "123")
    nameless, rowless, refused = (tell(story, user) for user in "456")

    assert (member.subject.label, member.subject.found_by, bool(member.subject.remote_id)) == (
        "user 1",
        "address",
        True,
    )
    assert {key: (one.wanted, one.told, one.code) for key, one in now(member).items() if one.kind != "contacts"} == {
        "buyers": ("true", "true", "confirmed"),
        "points": ("7", "7", "confirmed"),
        "tag:buyer": ("true", "true", "confirmed"),
        "list:news": ("active", "active", "confirmed"),
    }
    assert (member.notes, member.never) == ((), ())
    assert sorted(event.what for event in member.events if event.attempt_id) == ["answer"] * 3 + ["attempt"] * 3
    assert member.events[0].what == "snapshot"

    news = now(opted_out)["list:news"]
    assert (news.code, news.state) == ("refused", "rejected")
    assert sentences.REFUSED[OPT_OUT_REASONS[0]] in news.reasons
    assert now(opted_out)["buyers"].code == "confirmed"

    for found, reason in (
        (outsider, "only_members_are_created"), (nameless, "no_name"), (rowless, "no_contact_row"),
    ):  # fmt: skip
        assert any(reason in note and sentences.WITHHELD[reason] in note for note in found.notes)
        assert {one.code for one in found.standings if one.wanted is not None} == {"withheld"}
        assert (found.subject.remote_id, [event for event in found.events if event.attempt_id]) == (None, [])
    assert outsider.never == ("buyers",)
    assert now(tell(story, "3", "buyers"))["buyers"].code == "never"

    assert {one.code for one in refused.standings} == {"refused"}
    assert any("refused it" in event.text for event in refused.events if event.what == "answer")
    the_command_works_during_a_sync_and_shows_no_personal_data(story)


def the_command_works_during_a_sync_and_shows_no_personal_data(story: Company) -> None:
    """A person reads tables, a program JSON; who is unknown is answered without being repeated."""
    with open_session(story.settings(), kind="sync", run_id="busy", clock=story.clock):
        printed, asked = story.run("why", "u1@example.com"), story.run("why", "2", "buyers", "--json")
    unknown = story.run("why", "nobody@example.com")

    assert printed.code == 0
    assert all(word in printed.out for word in ("User 1, found by address", "buyers", "acknowledged", "entered"))
    assert not re.search("@|First1", printed.text)
    assert [one["key"] for one in asked.json["standings"]] == ["buyers", "tag:buyer", "list:news"]
    assert (unknown.code, "nobody" in unknown.text) == (12, False)
    with pytest.raises(UnknownName, match=r"no audience, .* `buyer`"):
        tell(story, "1", "buyer")


def test_what_is_held_said_again_or_too_late_is_told_apart(story: Company) -> None:
    """The guard, a resend, an address that changed, a user who vanished, a file that is gone."""
    story.fill("buyers", [])
    story.customers(customer("2"), {**customer("1"), "email": "new1@example.com"})
    story.trait("Points", "number", {"3": "1"})
    story.sync_later()
    story.run("resend", "buyers", "--yes")

    found = tell(story, "u1@example.com")
    buyers, points = now(found)["buyers"], now(found)["points"]

    assert (found.subject.label, found.subject.found_by) == ("user 1", "earlier address")
    assert (buyers.code, buyers.wanted) == ("uncertain", "true")
    assert sentences.UNCERTAIN["resend"] in buyers.reasons
    assert any("returned nothing" in reason and "ac-pipeline release" in reason for reason in buyers.reasons)
    assert "held" in {event.what for event in found.events}
    assert (points.code, points.told) == ("kept", "7")
    assert any("not in the contacts since" in note for note in tell(story, "3").notes)

    story.retire("traits/points")
    story.sync_later()
    assert now(tell(story, "1", "points"))["points"].code == "retired"


def test_a_user_of_whom_no_row_could_be_used_is_told_so(company: Company) -> None:
    """The kind of problem, in words."""
    company.customers(customer("1"), {**customer("2"), "email": "none"})
    company.sync()

    with pytest.raises(UnknownName, match=re.escape(sentences.PROBLEMS["invalid_email"])):
        tell(company, "2")


def test_a_copy_of_another_version_is_named() -> None:
    """After an upgrade, before the first run: neither command shows a stack trace."""
    with duckdb.connect() as published:
        published.execute("create schema engine; create table engine.version as select 1 as version")
        with pytest.raises(Inconsistent, match="schema version 1"):
            explain(published, Home(Path()), "1")
        with pytest.raises(Inconsistent, match="schema version 1"):
            read_figures(published)


def sql_of(name: str) -> str:
    return (files("ac_pipeline.store.sql") / f"{name}.sql").read_text(encoding="utf-8")


def test_events_of_a_contact_are_in_its_story(company: Company) -> None:
    """Those that wait say what for; neither their values nor the pages are shown."""
    company.customers(customer("1"))
    company.run_sql("create table orders (id varchar, user_id varchar, moment timestamp, worth varchar)")
    company.declare(
        "events/orders",
        "call: track\nevent: Order Completed\n"
        "sql: select id as event_id, user_id, moment as occurred_at, worth as value from orders\n",
    )
    company.sync()
    company.run_sql("insert into orders values ('7', '1', timestamp '2024-03-01 12:30:00', '99.90')")
    company.sync_later()

    (event,) = [one for one in tell(company, "1", "orders").events if one.what == "event"]
    assert (event.property, event.text) == ("orders", "Order Completed: waits (the person is no contact)")


def test_every_reason_of_the_engine_has_its_sentence() -> None:
    """What the plan withholds, what an answer may be, why a row is no use, how things are sent: none is a bare code."""
    (judgement,) = re.findall(r"\n    case\n((?:(?!\n    case\n).)*?)end as withheld", sql_of("plan"), re.DOTALL)
    withheld = set(re.findall(r"(?:then|else) '(\w+)'", judgement))
    routes = set(re.findall(r"'(\w+)' as route", sql_of("outbox"))) | {"sync", "update", "tag", "list", "none"}
    kinds = set(problems.OF_A_VALUE) | set(
        re.findall(r"then '(\w+_\w+)'", sql_of("contacts") + sql_of("events_judged"))
    )
    waits = set(re.findall(r"then '(\w+)'", sql_of("events_due").split("as state,")[1].split("as reason")[0]))
    overtaken = set(re.findall(r"reason = '(\w+)'", sql_of("events_members")))

    assert len(withheld) >= 8
    assert withheld == set(sentences.WITHHELD)
    assert set(OPT_OUT_REASONS) <= set(sentences.REFUSED)
    assert set(NOT_TAKEN) | {"resend", "retry"} <= set(sentences.UNCERTAIN)
    assert {outcome.value for outcome in Outcome} == set(sentences.OUTCOMES)
    assert routes == set(sentences.ROUTES)
    assert kinds | {"no_contact"} == set(sentences.PROBLEMS)
    assert {state.value for state in EventState} == set(sentences.EVENT_STATES)
    assert waits | overtaken == set(sentences.EVENT_REASONS)
    said = [*sentences.WITHHELD.values(), *sentences.REFUSED.values(), *sentences.UNCERTAIN.values()]
    assert all(text.endswith((".", ")")) and " " in text for text in said)
