"""Every question of the page QUESTIONS.md runs as it stands there; answers are compared with what really happened."""

from __future__ import annotations

import csv
import json
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

import ac_pipeline
from ac_pipeline.cli.app import app
from ac_pipeline.errors import QueryError, SettingsError, UnknownName
from ac_pipeline.model.window import window_ending_by
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_support import Company, Service, Ticking, customer

PAGE = Path(ac_pipeline.__file__).parent / "store" / "QUESTIONS.md"
QUESTIONS = dict(re.findall(r"### (.+)\n\n```sql\n([^`]+)```", PAGE.read_text(encoding="utf-8")))
FIRST = datetime(2026, 3, 1, 12)  # noqa: DTZ001  (moments of the store have no zone)
REPEAT = [{"1041", "1042", "1043"}, {"1042", "1043", "1044"}, {"1042", "1044"}, {"1041", "1042", "1044", "1099"}]
HIGH = [{"1041"}, {"1041", "1042"}, {"1042"}, None]
"""Members by window; in the last window the audience cannot be computed. Nobody has a contact with the id 1099."""
VALUE = [{"1041": 10.0, "1042": 20.0}, {"1041": 15.0, "1042": 20.0}, {"1041": 15.0, "1042": 70.0}, {"1042": 70.0}]
Lines = list[tuple[Any, ...]]


def end(number: int) -> datetime:
    """Return the end of a window."""
    return FIRST + timedelta(hours=2 * number)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, shared_account: Service) -> Iterator[Company]:
    """Four windows: people come and go, one is refused, one opted out, a declaration fails, one is held."""
    shared_account.start_anew()
    made = Company(tmp_path_factory.mktemp("asked") / "company", shared_account.sandbox.url)
    made.clock = Ticking(FIRST.replace(tzinfo=UTC) + timedelta(seconds=30))
    made.retire("audiences/buyers")
    news = shared_account.create_list("News")
    shared_account.create("u1043@example.com")
    shared_account.unsubscribe("u1043@example.com", news)
    people = [customer(str(user)) for user in range(1041, 1046)]
    people[0]["lists"] = '{"Nowhere": "active"}'
    people[2]["lists"] = '{"News": "active"}'
    made.customers(*people)
    calm = {"guard": {"max_exit_share": 1.0}}
    for number in range(4):
        made.audience("Repeat Customers", *REPEAT[number], **calm)
        made.audience("High Value", *(HIGH[number] or ()), **calm)
        made.trait("Lifetime Value", "number", VALUE[number], stored="double", **calm)
        made.audience("Waiting", *(["1041"] if number == 0 else []))
        if HIGH[number] is None:
            made.run_sql("drop table high_value", "insert into repeat_customers values (null, timestamp '2020-01-01')")
        made.sync()
        made.clock.next_window()
    yield made
    shared_account.door.reset()


@pytest.fixture
def later(company: Company, tmp_path: Path) -> Company:
    """The same company in a folder of its own, so that it can go on."""
    other = copy(company)
    other.root = shutil.copytree(company.root, tmp_path / "company", symlinks=True)
    other.clock = Ticking(company.clock.moment)
    return other


def ask(company: Company, question: str) -> Lines:
    """Ask a question as the page has it; the moment of its last window is the one of the page."""
    return company.ask(QUESTIONS[question])


def sizes() -> dict[tuple[str, int], tuple[int, int, int]]:
    """Return members, entered and exited of each audience and window that were computed."""
    found = {}
    for audience, copies in {"repeat_customers": REPEAT, "high_value": HIGH}.items():
        before: set[str] = set()
        for number, now in enumerate(copies):
            if now is not None:
                found[audience, number] = (len(now), len(now - before), len(before - now))
                before = now
    return found


def test_every_question_of_the_page_runs(company: Company) -> None:
    """At least fifteen, and each finds something in a history in which all of it happened."""
    assert len(QUESTIONS) >= 15
    empty = [question for question in QUESTIONS if not ask(company, question)]
    assert empty == []


def test_answers_about_audiences_are_what_happened(company: Company) -> None:
    """Computed from the members of each window as the warehouse had them."""
    since = {"1041": 3, "1042": 0, "1044": 1, "1099": 3}
    mail = {user: None if user == "1099" else f"u{user}@example.com" for user in since}
    assert ask(company, "Who is in an audience, and since when?") == [
        (user, mail[user], end(number)) for user, number in sorted(since.items())
    ]
    assert [user for user, _ in ask(company, "Who was in it at that time?")] == sorted(REPEAT[1])
    counted = sizes()
    newest = ask(company, "How large is each audience, and what happened in the newest window?")
    assert newest == [
        ("high_value", *counted["high_value", 2]), ("repeat_customers", *counted["repeat_customers", 3]),
        ("waiting", 0, 0, 0),
    ]  # fmt: skip
    (day,) = [line for line in ask(company, "How did the sizes develop, day by day?") if line[0] == "repeat_customers"]
    both = [counted["repeat_customers", number] for number in range(4)]
    assert day[2:] == (both[-1][0], sum(one[1] for one in both), sum(one[2] for one in both))
    assert ask(company, "Who entered or left in the newest window?") == [
        ("repeat_customers", "entered", user) for user in sorted(REPEAT[3] - REPEAT[2])
    ]
    assert ask(company, "Who came and who left between two moments?") == [("1041", "left"), ("1042", "came")]
    shared = {"1042"}
    assert [line for line in ask(company, "Which audiences share how many members?") if "waiting" not in line] == [
        ("high_value", "repeat_customers", len(shared), 1.0),
        ("repeat_customers", "high_value", len(shared), len(shared) / len(REPEAT[3])),
    ]
    only = ask(company, "Who is in one audience and not in another?")
    assert [user for (user,) in only] == sorted(REPEAT[3] - shared)
    stays = {audience: (ended, hours) for audience, ended, hours in ask(company, "How long do people stay?")}
    assert stays["repeat_customers"] == (2, mean([2, 4]))
    assert ask(company, "Who comes and goes all the time?") == [("repeat_customers", "1041", 3)]


def test_answers_about_traits_are_what_happened(company: Company) -> None:
    """Values are text in the copy and numbers in the answers."""
    assert ask(company, "How is a trait distributed?") == [(1, [70.0, 70.0, 70.0])]
    averages = {line[0]: line[1:] for line in ask(company, "What is a trait on average, by audience?")}
    assert averages == {"repeat_customers": (1, 70.0), "high_value": (1, 70.0)}
    assert ask(company, "Whose value changed, and by how much?") == [
        (end(2), "1042", "20", "70", 50.0), (end(1), "1041", "10", "15", 5.0),
    ]  # fmt: skip
    assert ask(company, "What was a trait at that time?") == [("1041", "10", end(0)), ("1042", "20", end(0))]


def test_answers_about_what_was_told_are_what_the_account_knows(company: Company, shared_account: Service) -> None:
    """Now, at a moment between two syncs, and for those who could not be told."""
    told = shared_account.told()["u1042@example.com"]
    known = {line[0]: line[2] for line in ask(company, "What does ActiveCampaign know of somebody?")}
    assert known == {
        "high_value": told["High Value"], "lifetime_value": told["Lifetime Value"],
        "repeat_customers": told["Repeat Customers"],
    }  # fmt: skip
    then = ask(company, "What had it been told of them by then?")
    assert [(key, state, value, confirmed) for key, state, value, confirmed, _ in then] == [
        ("high_value", "acknowledged", "true", "true"), ("lifetime_value", "acknowledged", "20", "20"),
        ("repeat_customers", "acknowledged", "true", "true"),
    ]  # fmt: skip
    assert all(answered < end(2) for *_, answered in then)
    assert ask(company, "Which members has it not confirmed yet?") == [("repeat_customers", "1099", "never told", None)]
    refused = {reason: contacts for reason, contacts, _ in ask(company, "Who was refused, why, and since when?")}
    assert refused == {"opted out": 1, "the account has no list Nowhere": 1}
    assert ask(company, "Who is not subscribed although they should be?") == [("News", "opted out", 1)]
    story = [line[1:5] for line in ask(company, "What is the whole story of one contact?") if line[2] == "high_value"]
    assert story == [
        ("entered", "high_value", None, None), ("attempted", "high_value", None, "true"),
    ]  # fmt: skip


def test_answers_about_runs_name_what_waits(company: Company) -> None:
    """What failed, what could not be used, what is held."""
    last = ask(company, "What did the last runs do?")[0]
    assert (last[1:3], last[4] > 0) == (("sync", "attention"), True)
    ((moment, key, reason),) = ask(company, "What could not be computed, and why?")
    assert (moment, key, "high_value" in reason) == (end(3), "high_value", True)
    assert ask(company, "Which rows of the warehouse could not be used?") == [
        ("repeat_customers", "missing_user_id", 1, None)
    ]
    ((waiting, *_),) = ask(company, "What waits for a person?")
    assert waiting == "waiting"


def test_an_answer_can_be_a_data_frame_or_a_file(company: Company, tmp_path: Path) -> None:
    """Whole numbers stay whole, moments keep their zone, nothing is lost between the formats."""
    sql = "select audience, max(as_of) as newest, sum(members) as members from audience_sizes group by all order by all"
    expected = company.ask(sql)
    frame = ac_pipeline.query(sql, home=company.home)
    assert [str(kind) for kind in frame.dtypes][1:] == ["datetime64[us]", "Int64"]
    assert [tuple(line) for line in frame.itertuples(index=False)] == expected

    def run(*options: str) -> Result:
        return CliRunner().invoke(app, ["query", sql, *options], env=company.environment())

    for name in ("a.csv", "a.json", "a.parquet"):
        ended = run("--output", str(tmp_path / name))
        assert (ended.exit_code, ended.output) == (0, "")
    with (tmp_path / "a.csv").open(newline="") as file:
        written: list[Mapping[str, str]] = list(csv.DictReader(file))
    assert [(line["audience"], int(line["members"])) for line in written] == [(key, n) for key, _, n in expected]
    as_json = json.loads((tmp_path / "a.json").read_text())
    assert as_json == [
        {"audience": key, "newest": f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z", "members": members}
        for key, moment, members in expected
    ]
    assert duckdb.sql(f"from '{tmp_path / 'a.parquet'}'").fetchall() == expected
    assert run("--format", "csv").output == (tmp_path / "a.csv").read_text()
    assert run("--json").output == (tmp_path / "a.json").read_text()
    for refused in (["--format", "parquet"], ["--output", "a.txt"], ["--format", "table", "--output", "a.csv"]):
        assert isinstance(run(*refused).exception, SettingsError)

    with pytest.raises(QueryError, match="nowhere"):
        ac_pipeline.query("from nowhere", home=company.home)
    with pytest.raises(UnknownName, match="Nothing is published"):
        ac_pipeline.query("from members", home=tmp_path)


def test_another_schedule_keeps_the_history(later: Company) -> None:
    """Windows of another length follow; what was computed before is still there, and counts as what came before."""
    before = later.ask("from audience_sizes order by all")
    settings = later.settings().model_copy(update={"sync_cron": "30 */3 * * *"})
    window = window_ending_by("30 */3 * * *", later.clock() + timedelta(hours=3))
    later.clock.moment = window.end + timedelta(seconds=30)
    later.run_sql("delete from repeat_customers where user_id = '1041'")
    with open_session(settings, kind="sync", run_id=str(uuid.uuid4()), clock=later.clock) as session:
        session.extract(window)
        session.snapshot(window)
    newest = window.end.replace(tzinfo=None)
    assert later.ask(f"from audience_sizes where as_of < timestamp '{newest}' order by all") == before
    changes = later.ask(f"select user_id, change from membership_changes where as_of = timestamp '{newest}'")
    assert changes == [("1041", "exited")]
    assert [user for user, _ in ask(later, "Who was in it at that time?")] == sorted(REPEAT[1])


def test_a_run_forgets_what_is_older_than_the_setting(later: Company) -> None:
    """Two days on with a retention of one: the windows before are gone, who is a member is not."""
    members = later.ask("select audience, user_id, member_since from members order by all")
    settings = later.settings().model_copy(update={"history_retention": 1})
    for _ in range(2):
        later.clock.moment += timedelta(days=1)
        window = later.window()
        with open_session(settings, kind="sync", run_id=str(uuid.uuid4()), clock=later.clock) as session:
            session.extract(window)
            session.snapshot(window)
    newest = window.end.replace(tzinfo=None)
    assert later.ask("select as_of from windows order by all") == [(newest - timedelta(days=1),), (newest,)]
    assert later.ask("select audience, user_id, member_since from members order by all") == members
