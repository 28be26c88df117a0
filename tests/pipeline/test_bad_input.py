"""What can be wrong outside: one paragraph each, its own exit code, and nothing is lost."""

from __future__ import annotations

import json
import os

import duckdb
import pytest

from ac_pipeline.home import Home
from ac_pipeline.store.store import open_store
from pipeline.pipeline_support import KEY, Company, Service


def test_missing_settings_are_named_all_at_once_with_where_to_find_them(company: Company, account: Service) -> None:
    """Exit code 3; blank is missing, too."""
    ended = company.run_sync(ACTIVECAMPAIGN_API_URL=None, ACTIVECAMPAIGN_API_KEY=" ")

    assert (ended.code, ended.out) == (3, "")
    for said in ("ACTIVECAMPAIGN_API_URL", "https://youraccount.api-us1.com", "ACTIVECAMPAIGN_API_KEY", "Developer"):
        assert said in ended.err

    ended = company.run_sync(WAREHOUSE_URL=None)

    assert (ended.code, "WAREHOUSE_URL" in ended.err, "duckdb:///" in ended.err) == (3, True, True)
    assert account.requests() == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ACTIVECAMPAIGN_API_URL", "http://shop.api-us1.com", "plain http"),
        ("ACTIVECAMPAIGN_API_URL", "shop.api-us1.com", "must begin with https://"),
        ("WAREHOUSE_URL", "postgres-of-the-shop", "Use duckdb:///absolute/path.duckdb"),
        ("ACTIVECAMPAIGN_RATE", "fast", "ACTIVECAMPAIGN_RATE"),
    ],
)
def test_a_malformed_setting_is_one_paragraph(company: Company, name: str, value: str, said: str) -> None:
    """Exit code 3, and the key is not repeated."""
    company.crowd(1)
    company.members("buyers", "1")
    ended = company.run_sync(**{name: value})

    assert (ended.code, ended.out) == (3, "")
    assert said in " ".join(ended.err.split())
    assert KEY not in ended.text


def test_a_warehouse_that_cannot_be_opened_is_named(company: Company, account: Service) -> None:
    """Exit code 5: no such file, or no DuckDB file, or a program that writes to it."""
    company.crowd(1)
    company.members("buyers", "1")
    missing = company.run_sync(WAREHOUSE_URL=f"duckdb://{company.root}/elsewhere.duckdb")
    assert (missing.code, "elsewhere.duckdb, and there is no such file" in missing.err) == (5, True)

    with duckdb.connect(company.warehouse):
        locked = company.run_sync()
    assert (locked.code, "cannot be opened" in locked.err) == (5, True)

    (company.root / "notes.txt").write_text("no database", encoding="utf-8")
    wrong = company.run_sync(WAREHOUSE_URL=f"duckdb://{company.root}/notes.txt")
    assert (wrong.code, "notes.txt cannot be opened" in wrong.err) == (5, True)

    assert account.requests() == []
    company.sync()
    assert company.ask("select state, count(*) from runs group by all order by all") == [
        ("failed", 3),
        ("succeeded", 1),
    ]


def test_a_query_that_fails_is_told_with_exit_code_11_and_the_run_goes_on(company: Company, account: Service) -> None:
    """It is said which one and why."""
    company.declare("audiences/readers", "name: Readers\nsql: select user_id from raeders where since <= :as_of\n")
    company.crowd(1)
    company.members("buyers", "1")
    ended = company.run_sync()

    assert ended.code == 11
    assert "not computed  readers: " in ended.out
    assert "raeders does not exist" in ended.out
    assert account.told() == {"u1@example.com": {"Buyers": "true"}}


def test_a_wrong_key_is_one_clear_line_and_the_snapshot_stays(company: Company, account: Service) -> None:
    """Exit code 6; with the right key the next run sends everything."""
    company.crowd(2)
    company.members("buyers", "1", "2")
    ended = company.run_sync("--json", ACTIVECAMPAIGN_API_KEY="another-key-9876543210")

    lines = [line for line in ended.err.splitlines() if line.startswith("OwnerMustAct")]
    assert (ended.code, ended.out, len(lines)) == (6, "", 1)
    assert "ActiveCampaign refuses the key" in lines[0]
    assert "ACTIVECAMPAIGN_API_KEY" in ended.err
    assert "another-key-9876543210" not in ended.err
    assert company.ask("select audience, members from audience_sizes") == [("buyers", 2)]
    assert company.ask("select count(*) from deliveries") == [(0,)]
    assert account.told() == {}

    company.sync()
    assert set(account.told()) == {"u1@example.com", "u2@example.com"}


def test_a_store_that_another_process_holds_is_left_alone_and_the_holder_is_named(
    company: Company, account: Service
) -> None:
    """Exit code 8; `status` and `query` go on reading the published copy meanwhile."""
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()
    account.forget_requests()
    with open_store(Home.at(company.home), kind="backfill", run_id="long", clock=company.clock):
        busy = company.run_sync()
        status = company.run("status", "--json")
        asked = company.run("query", "select count(*) as members from members", "--json")

    assert busy.code == 8
    assert f"process {os.getpid()} (backfill)" in busy.err
    assert account.requests() == []
    assert (status.code, f"process {os.getpid()}" in status.json["in_flight"]) == (0, True)
    assert (asked.code, asked.json) == (0, [{"members": 1}])


def test_faults_in_declarations_stop_a_run_before_anything_happens(company: Company, account: Service) -> None:
    """Exit code 4; `check` names the same faults, for people and for programs."""
    company.declare("audiences/readers", "name: Readers\nsql: selekt user_id from readers\n")
    company.declare("traits/points", "name: Points\ntype: number\nsql: select 1\ncolour: red\n")
    stopped = company.run_sync()
    checked = company.run("check")
    listed = company.run("check", "--json")

    assert (stopped.code, checked.code, listed.code) == (4, 4, 4)
    for said in ("readers.yaml:2:", "points.yaml:4: unknown setting `colour`"):
        assert said in stopped.err
        assert said in checked.out
    assert "2 faults" in stopped.err
    assert len(listed.json["faults"]) == 2
    assert json.loads(listed.out)["declarations"] == []
    assert account.requests() == []
    assert not company.home.exists() or not (company.home / "store.duckdb").exists()


def test_a_home_that_cannot_be_used_is_a_setting_to_correct(company: Company) -> None:
    """Exit code 3, with the path."""
    ended = company.run_sync(AC_PIPELINE_HOME=str(company.warehouse))

    assert (ended.code, "AC_PIPELINE_HOME" in ended.err, str(company.warehouse) in ended.err) == (3, True, True)
