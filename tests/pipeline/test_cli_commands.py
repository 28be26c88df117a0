"""The command line, as a person and as a program meet it: real processes, an environment made from scratch."""

from __future__ import annotations

from pipeline.pipeline_support import POINTS, Company, Service


def test_a_first_day_with_the_command_line(company: Company, account: Service) -> None:
    """Check, sync, status and query agree with each other and with the account."""
    company.declare("traits/points", POINTS)
    company.crowd(3)
    company.members("buyers", "1", "2")
    company.points({"1": 7})

    checked = company.run("check")
    assert (checked.code, "1 audiences and 1 traits" in checked.out, "no faults" in checked.out) == (0, True, True)
    assert company.run("check", "--json").json == {"declarations": ["contacts", "buyers", "points"], "faults": []}

    synced = company.run_sync()
    assert synced.code == 0
    assert "ActiveCampaign was told about 2 contacts (2 created)" in synced.out
    assert f"with {len(account.requests())} requests" in synced.out

    again = company.run_sync("--json")
    assert (again.code, again.json["planned"], again.json["requests"]) == (0, 0, {})
    assert again.json["snapshots"]["buyers"]["contacts"] == 2

    status = company.run("status")
    assert status.code == 0
    for said in ("Last run: sync succeeded", "buyers", "acknowledged"):
        assert said in status.out
    told = company.run("status", "--json").json
    assert told["told"] == [{"state": "acknowledged", "properties": 3, "contacts": 2}]
    assert (told["in_flight"], told["run"][0]["state"], told["held"], told["retired"]) == (None, "succeeded", [], [])

    asked = company.run("query", "select user_id, email from members order by user_id")
    assert (asked.code, "u1@example.com" in asked.out) == (0, True)
    assert company.run("query", "select user_id from members order by 1", "--json").json == [
        {"user_id": "1"},
        {"user_id": "2"},
    ]


def test_an_older_window_says_that_nothing_was_sent(company: Company, account: Service) -> None:
    """`--as-of` computes history; which window and why nothing was sent is said."""
    company.crowd(2)
    company.members("buyers", "1")
    company.sync()
    account.forget_requests()
    company.members("buyers", "1", "2")
    ended = company.run("sync", "--as-of", "2024-02-28T13:59")

    assert ended.code == 0
    assert "Window 2024-02-28 10:00 – 2024-02-28 12:00 UTC" in ended.out
    assert "was computed before; only the newest is delivered" in ended.out
    assert account.requests() == []


def test_now_is_the_default_and_declarations_that_describe_now_are_read(company: Company, account: Service) -> None:
    """Without `--as-of` the newest complete window of the real clock is delivered."""
    company.declare("audiences/buyers", "name: Buyers\nsql: select user_id from buyers\n")
    company.crowd(1)
    company.members("buyers", "1")
    ended = company.run("sync")

    assert ended.code == 0
    assert account.told() == {"u1@example.com": {"Buyers": "true"}}


def test_questions_that_cannot_be_answered_have_their_own_exit_codes(company: Company) -> None:
    """Nothing published: 12; SQL that does not run: 13; a moment that is none: 3; a window of the future: 12."""
    assert company.run("query", "from members").code == 12
    status = company.run("status")
    assert (status.code, "Nothing is published" in status.err) == (12, True)

    company.sync()
    wrong = company.run("query", "from nowhere")
    assert (wrong.code, "nowhere" in wrong.err) == (13, True)
    written = company.run("query", "drop view members")
    assert written.code == 13
    assert company.ask("select count(*) from members") == [(0,)]

    moment = company.run("sync", "--as-of", "yesterday")
    assert (moment.code, "--as-of yesterday is not a moment" in moment.err) == (3, True)
    future = company.run("sync", "--as-of", "2999-01-01")
    assert (future.code, "in the future" in future.err) == (12, True)
    assert company.run("release", "buyers").code == 12
