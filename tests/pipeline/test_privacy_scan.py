"""Personal data and the key stay where they belong: the store, its published copy, the warehouse, the account."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.orchestration.schedule import JOB
from pipeline.events_support import Shop, event
from pipeline.pipeline_support import POINTS, READERS, Company, Ended, Service, service

KEY = "planted-key-77aa88bb99cc"
EVENT_KEY = "planted-event-key-11dd22ee33ff"
PLANTED = (
    "quaggalina", "zebrowskaya", "quokkabert", "planted.example", "5550123", "555 0123", "77aa88bb99cc", "11dd22ee33ff",
)  # fmt: skip
"""Parts of names, addresses, phone numbers and both keys, as they would show up anywhere."""

PEOPLE = [
    ("1", "quaggalina@planted.example", "Quaggalina", "Zebrowskaya", "+49 170 555 0123"),
    ("2", "QUAGGALINA@planted.example", "Quaggalina", "Zebrowskaya O' Zebrowskaya", "+491705550123"),
    ("3", "quokkabert(at)planted.example", "Quokkabert", "Zebrowskaya", None),
    ("4", None, "Quokkabert", "Zebrowskaya", "+491705550123"),
    (None, "nobody@planted.example", "Quokkabert", "Zebrowskaya", None),
    ("6", "taken@planted.example", "Quokkabert", None, None),
    ("7", "said@planted.example", 'Quokkabert "Q" Zebrowskaya', "Two\n\nLines' Zebrowskaya", None),
]
BROKEN = {
    "audiences/casting": "name: Casting\n"
    "sql: select cast(email as integer) as user_id from contacts where :as_of is not null\n",
    "audiences/shouting": "name: Shouting\nsql: select error(first_name || email) as user_id from contacts\n",
    "audiences/parsing": "name: Parsing\nsql: select user_id from contacts where strptime(last_name, '%Y') > :as_of\n",
    "audiences/quoting": "name: Quoting\n"
    "sql: select user_id from contacts where user_id = '7' and cast(first_name as date) > :as_of\n",
    "audiences/lines": "name: Lines\n"
    "sql: select user_id from contacts where user_id = '7' and cast(last_name as timestamp) > :as_of\n",
    "audiences/columns": "name: Columns\nsql: select last_name as surname from contacts where :as_of is not null\n",
    "traits/birthday_of": "name: Birthday Of\ntype: date\n"
    "sql: select user_id, cast(last_name as date) as value from contacts where :as_of is not null\n",
    "traits/number_of": "name: Number Of\ntype: number\n"
    "sql: select user_id, coalesce(phone, email) as value from contacts where :as_of is not null\n",
}
DBT_PROJECT = {
    "dbt_project.yml": "name: shop\nversion: 1.0.0\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\n",
    "profiles.yml": "shop:\n  target: prod\n  outputs:\n    prod:\n      type: duckdb\n"
    "      path: \"{{ env_var('AC_PIPELINE_DBT_DUCKDB_PATH') }}\"\n",
    "models/people.sql": "select * from main.contacts",
}


@pytest.fixture
def strict_account(tmp_path: Path) -> Iterator[Service]:
    """An account whose keys are among the planted values; its state lies outside the company's folder."""
    with service(tmp_path / "account.sqlite", api_key=KEY, event_key=EVENT_KEY) as started:
        started.track()
        yield started


@pytest.fixture
def shop(tmp_path: Path, strict_account: Service) -> Shop:
    """A company with people whose data would be recognised, and with every kind of unusable row and query."""
    company = Shop(tmp_path / "company", strict_account.sandbox.url, key=KEY, event_key=EVENT_KEY)
    company.people(*PEOPLE)
    company.declare("audiences/readers", READERS)
    company.declare("traits/points", POINTS)
    company.members("buyers", "1", "2", "3", "4", "6")
    company.points({"1": 1})
    company.stream("orders", "call: track\nevent: Order Completed\nfrom: all\nsql: select * from {table}\n")
    company.happened("orders", event("1", company.ago(), value="Zebrowskaya's"))
    for name, text in BROKEN.items():
        company.declare(name, text)
    return company


def found_in(text: bytes) -> list[str]:
    """Return which planted values a text has."""
    lowered = text.lower()
    return [planted for planted in PLANTED if planted.encode() in lowered]


def leaks(company: Company) -> dict[str, list[str]]:
    """Return files with planted values, except the store and its published copies."""
    own = {company.home / "store.duckdb", company.home / "store.duckdb.wal"}
    files = [path for path in company.home.rglob("*") if path.is_file() and not path.is_symlink() and path not in own]
    searched = [path for path in files if path.parent != company.home / "published"]
    assert searched
    named = {str(path.relative_to(company.home)): found_in(path.read_bytes()) for path in searched}
    return {name: planted for name, planted in named.items() if planted}


def mend(company: Company) -> None:
    """Take the declarations away whose queries fail: what comes next is quicker without them."""
    for name in BROKEN:
        company.retire(name)


def said(*commands: Ended) -> list[str]:
    """Return the planted values in what commands printed."""
    return [planted for ended in commands for planted in found_in(ended.text.encode())]


def said_by_scripts(company: Shop) -> list[Ended]:
    """Call by hand: a contact, one with faults, an event, and one with a wrong event key."""
    name = {"firstName": "Quokkabert", "lastName": "Zebrowskaya", "phone": "+491705550123"}
    good = {"userId": "9", "traits": {"email": "Quokkabert@planted.example", "tags": ["Gold"], **name}}
    bad = {"userId": "9", "traits": {"email": "quaggalina", "shoe": {"quaggalina": 1}, **name}}
    track = {"userId": "9", "event": "Signed Up", "properties": {"acValue": "Zebrowskaya"}}
    return [
        company.feed(good, "--verbose", "send", "identify", "--json", "-"),
        company.feed(bad, "--verbose", "send", "identify", "--json", "-"),
        company.feed(track, "--verbose", "send", "track", "--json", "-"),
        company.feed(track, "--verbose", "send", "track", "--json", "-", ACTIVECAMPAIGN_EVENT_KEY=EVENT_KEY + "x"),
    ]


def test_commands_say_and_leave_nothing_personal(shop: Shop, strict_account: Service) -> None:
    """At the most talkative level: good rows, unusable rows, failing queries, a refused key, changes, an exit."""
    checked = shop.run("--verbose", "check")
    first = shop.run_sync()
    told, tracked = strict_account.contacts(), strict_account.tracked()
    mend(shop)
    shop.members("buyers", "6")
    shop.people(("1", "quaggalina2@planted.example", "Quaggalina", "Zebrowskaya", None), *PEOPLE[1:])
    refused = shop.run_sync("--json", ACTIVECAMPAIGN_API_KEY=KEY + "x")
    second = shop.run_sync()
    calls = [*said_by_scripts(shop), shop.run_sync(ACTIVECAMPAIGN_EVENT_KEY=EVENT_KEY + "x")]
    status, asked = shop.run("status"), shop.run("query", "from problems")

    assert sorted(told) == ["quaggalina@planted.example", "taken@planted.example"], "the account itself has them"
    assert (checked.code, first.code, refused.code, second.code, asked.code) == (0, 11, 6, 0, 0)
    assert all(name.split("/")[1] in first.out for name in BROKEN if name != "traits/number_of")
    assert "planned" not in refused.out
    assert (tracked[0][2], [one.code for one in calls]) == ("Zebrowskaya's", [0, 14, 0, 6, 0])
    assert said(checked, first, refused, second, *calls, status, asked) == []
    assert leaks(shop) == {}
    assert list((shop.home / "work").iterdir()) == []


def test_dagster_shows_and_keeps_nothing_personal(
    shop: Shop,
    strict_account: Service,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The same company with a dbt project through the real job: event log, compute logs, dbt's logs, output."""
    caplog.set_level(logging.INFO)
    for name, text in DBT_PROJECT.items():
        path = shop.root / "dbt" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    good = shop.settings().model_copy(update={"history_start": datetime(2024, 2, 1, tzinfo=UTC)})
    refused = good.model_copy(update={"activecampaign_api_key": SecretStr(KEY + "x"), "ac_pipeline_dbt": shop.assets})
    ended = []
    for settings in (good, refused):
        definitions = build_definitions(settings, clock=shop.clock)
        dagster_home = shop.home / "dagster"
        monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
        with dg.DagsterInstance.get() as instance:
            job = definitions.resolve_job_def(JOB)
            done = job.execute_in_process(instance=instance, partition_key=shop.window().key, raise_on_error=False)
        ended.append(done.success)
        if settings is good:
            mend(shop)
            shop.members("buyers", "6")

    printed = capfd.readouterr()
    assert ended == [True, False]
    assert sorted(strict_account.contacts()) == ["quaggalina@planted.example", "taken@planted.example"]
    kept = b"".join(path.read_bytes() for path in (dagster_home / "history").rglob("*") if path.is_file())
    assert b"Could not convert string" in kept, "the failures themselves are there"
    assert found_in((printed.out + printed.err + caplog.text).encode()) == []
    assert leaks(shop) == {}


def test_a_failing_dbt_model_shows_and_keeps_nothing_personal(
    company: Company, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The database quotes the value it could not convert; dbt repeats it in its output, logs and results."""
    company.people(*PEOPLE)
    company.members("buyers", "1")
    model = "{{ config(materialized='table') }} select cast(email as integer) as number from main.contacts"
    broken = {**DBT_PROJECT, "models/people.sql": model}
    for name, text in broken.items():
        path = company.root / "dbt" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    command = company.run_sync()
    settings = company.settings().model_copy(update={"history_start": datetime(2024, 2, 1, tzinfo=UTC)})
    monkeypatch.setenv("DAGSTER_HOME", str(company.home / "dagster"))
    with dg.DagsterInstance.get() as instance:
        job = build_definitions(settings, clock=company.clock).resolve_job_def(JOB)
        done = job.execute_in_process(instance=instance, partition_key=company.window().key, raise_on_error=False)
    printed = capfd.readouterr()
    assert (command.code, done.success) == (5, False)
    assert "dbt build" in command.err
    kept = b"".join(path.read_bytes() for path in (company.home / "dagster" / "history").rglob("*") if path.is_file())
    assert b"`dbt build` failed" in kept
    assert (said(command), found_in((printed.out + printed.err).encode()), leaks(company)) == ([], [], {})
