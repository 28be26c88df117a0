"""Windows, failing declarations and retired ones: what is kept, what is unknown, what is never sent."""

from __future__ import annotations

from datetime import timedelta

import duckdb

from pipeline.pipeline_support import READERS, SYNC, Company, Service, person


def test_a_declaration_that_fails_keeps_its_last_approved_result_and_the_others_go_on(
    company: Company, account: Service
) -> None:
    """Its table is gone: nobody leaves it, the run says so, and it is compared again when it is back."""
    company.declare("audiences/readers", READERS)
    company.crowd(3)
    company.members("buyers", "1", "2")
    company.members("readers", "1")
    company.sync()

    company.run_sql("drop table buyers")
    company.members("readers", "1", "3")
    report = company.sync_later()

    assert [key for key, _ in report.failed] == ["buyers"]
    assert "buyers" in report.failed[0][1]
    assert report.needs_attention
    assert account.told() == {
        "u1@example.com": {"Buyers": "true", "Readers": "true"},
        "u2@example.com": {"Buyers": "true"},
        "u3@example.com": {"Readers": "true"},
    }

    company.run_sql("create table buyers as select '2' as user_id, timestamp '2020-01-01' as since")
    report = company.sync_later()

    assert (report.failed, account.told()["u1@example.com"]["Buyers"]) == ((), "false")


def test_a_result_without_its_column_is_a_failure_of_that_declaration_only(company: Company, account: Service) -> None:
    """The failure names the columns there are; contacts without e-mail stop nobody either."""
    company.declare("audiences/readers", "name: Readers\nsql: select since from readers\n")
    company.crowd(2)
    company.members("buyers", "1")
    company.members("readers", "1")
    report = company.sync()

    assert report.failed == (("readers", "the query needs a column `user_id` or `email`; the query has: since"),)
    assert account.told() == {"u1@example.com": {"Buyers": "true"}}

    company.declare("contacts", "sql: select user_id, first_name from contacts where :as_of is not null\n")
    company.retire("audiences/readers")
    company.members("buyers", "1", "2")
    report = company.sync_later()

    assert [key for key, _ in report.failed] == ["contacts"]
    assert "`email`" in report.failed[0][1]
    assert account.told() == {"u1@example.com": {"Buyers": "true"}, "u2@example.com": {"Buyers": "true"}}


def test_an_older_window_is_computed_for_history_and_sends_nothing(company: Company, account: Service) -> None:
    """Old truth is never sent; what describes now is unknown there, and that is no failure."""
    company.declare("audiences/readers", "name: Readers\nsql: select user_id from readers\n")
    company.crowd(2)
    company.members("readers", "2")
    older = company.window()
    company.clock.next_window()
    company.members("buyers", "1", since=company.window().end.replace(tzinfo=None))
    company.sync()
    told = account.told()
    account.forget_requests()

    report = company.sync(older)

    assert account.requests() == []
    assert account.told() == told
    assert "only the newest is delivered" in report.delivery.skipped
    assert (report.failed, report.needs_attention) == ((), False)
    sizes = "select as_of = (select max(as_of) from windows), audience, members from audience_sizes order by all"
    assert company.ask(sizes) == [(False, "buyers", 0), (True, "buyers", 1), (True, "readers", 1)]
    assert [key for _, key, _ in company.ask("from not_computed")] == ["readers"]
    assert "describes now" in company.ask("select reason from not_computed")[0][0]


def test_after_an_older_window_the_next_one_sends_only_real_changes(company: Company, account: Service) -> None:
    """A backfill between two syncs changes nothing of what is desired."""
    company.crowd(3)
    company.members("buyers", "1", "2")
    older = company.window()
    company.clock.next_window()
    company.sync()
    company.members("buyers", "3")
    company.sync(older)
    company.members("buyers", "1", "2", "3")
    account.forget_requests()

    company.sync_later()

    assert account.requests(SYNC) == [SYNC]
    assert account.told()["u3@example.com"] == {"Buyers": "true"}


def test_of_a_retired_declaration_nothing_is_sent(company: Company, account: Service) -> None:
    """Its file is gone: contacts keep what they have; `status` names it; back again, it goes on from there."""
    company.declare("audiences/readers", READERS)
    company.crowd(2)
    company.members("buyers", "1")
    company.members("readers", "1", "2")
    company.sync()
    account.forget_requests()

    company.retire("audiences/readers")
    company.sync_later()

    assert account.requests() == []
    assert company.run("status", "--json").json["retired"] == [
        {"declaration": "readers", "kind": "audience", "told_false": False}
    ]

    company.declare("audiences/readers", READERS)
    company.members("readers", "1")
    company.sync_later()
    assert account.told()["u2@example.com"] == {"Readers": "false"}


def test_rows_without_user_id_or_e_mail_are_counted_listed_and_not_sent(company: Company, account: Service) -> None:
    """A person can find them: those with a user id by it, the others by their number."""
    company.people(
        person("1"),
        (None, "nobody@example.com", "No", "Id", None),
        (" ", "blank@example.com", "No", "Id", None),
        ("2", None, "No", "Mail", None),
        ("3", "not an address", "Bad", "Mail", None),
    )
    company.members("buyers", "1", "2", "3")
    company.run_sql("insert into buyers values (null, timestamp '2020-01-01')")
    report = company.sync()

    assert sorted(account.told()) == ["u1@example.com"]
    assert report.delivery.withheld == {"no_contact_row": 2}
    assert company.ask("select declaration, kind, user_id, rows from problems order by all") == [
        ("buyers", "missing_user_id", None, 1),
        ("contacts", "invalid_email", "3", 1),
        ("contacts", "missing_email", "2", 1),
        ("contacts", "missing_user_id", None, 2),
    ]


def test_the_published_copy_is_readable_while_a_sync_runs_and_reading_does_not_stop_it(
    company: Company, account: Service
) -> None:
    """It shows the new snapshot while that is delivered; whoever holds the old copy open goes on reading it."""
    company.crowd(2)
    company.members("buyers", "1")
    company.sync()
    path = company.home / "ac_pipeline.duckdb"
    seen: list[int] = []

    def look() -> None:
        with duckdb.connect(path, read_only=True) as reader:
            seen.extend(row[0] for row in reader.execute("select count(*) from members").fetchall())

    company.members("buyers", "1", "2")
    with duckdb.connect(path, read_only=True) as reader:
        account.forget_requests()
        account.door.at(4, look)
        company.sync_later()
        assert reader.execute("select count(*) from members").fetchall() == [(1,)]

    assert seen == [2]
    assert company.ask("select count(*) from members") == [(2,)]
    assert path.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o400
    assert company.home.stat().st_mode & 0o777 == 0o700


def test_a_clock_that_goes_back_does_not_unpublish_the_newest_copy(company: Company, account: Service) -> None:
    """The version just published stays, although its name sorts before those of the runs before it."""
    company.crowd(1)
    company.members("buyers", "1")
    for _ in range(3):
        company.sync()
        company.clock.moment -= timedelta(minutes=1)

    assert company.ask("select count(*) from runs") == [(3,)]
    assert len(list((company.home / "published").glob("*.duckdb"))) >= 2
