"""Streams of events as they are declared: their bounds, templates and settings, and every fault with its line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ac_pipeline.model.events import LONG_AGO, AfterDoubt, EventCall, EventStream, Route, UnknownContacts
from unit.declarations.assets_folder import AUDIENCE, checked, only_fault, spots

SQL = "sql: select user_id, event, occurred_at from marts.events\n"
TRACK = "call: track\n" + SQL
PAGE = "call: page\n" + SQL


def stream(folder: Path, text: str, dialect: str = "duckdb") -> EventStream:
    """Return the only stream of a folder without faults."""
    loaded = checked(folder, {"events/orders.yaml": text}, dialect)
    assert loaded.declarations is not None, loaded.faults
    (found,) = loaded.declarations.events
    return found


def test_what_a_stream_says_by_default(tmp_path: Path) -> None:
    """Only new events, three hours for late rows; who is no contact is waited for; nothing is told twice."""
    found = stream(tmp_path, TRACK)
    assert (found.key, found.call, found.route, found.begin) == ("orders", EventCall.TRACK, Route.EVENT, None)
    assert (found.cursor, found.overlap, found.wait_for) == ("occurred_at", timedelta(hours=3), timedelta(days=7))
    assert (found.unknown_contacts, found.after_doubt) == (UnknownContacts.WAIT, AfterDoubt.SKIP)
    assert (found.event, found.as_event, found.shorten) == (None, None, False)


def test_every_setting_arrives(tmp_path: Path) -> None:
    """Times in words; a moment without an offset is UTC."""
    settings = (
        "event: ' Order Completed '\nfrom: 2026-04-05\noverlap: 2 days\nunknown_contacts: drop\nafter_doubt: repeat\n"
        "shorten: true\ncursor: loaded_at\ndescription: All\nowner: Shop\n"
    )
    found = stream(tmp_path, TRACK + settings)
    assert (found.event, found.fixed_name) == ("Order Completed", "Order Completed")
    assert (found.begin, found.overlap) == (datetime(2026, 4, 5, tzinfo=UTC), timedelta(days=2))
    assert (found.unknown_contacts, found.after_doubt) == (UnknownContacts.DROP, AfterDoubt.REPEAT)
    assert (found.shorten, found.cursor, found.description, found.owner) == (True, "loaded_at", "All", "Shop")
    assert "loaded_at > :since" in found.query.text
    assert stream(tmp_path, TRACK + "from: all\n").begin == LONG_AGO
    assert stream(tmp_path, TRACK + "from: '2026-04-05T12:30'\n").begin == datetime(2026, 4, 5, 12, 30, tzinfo=UTC)


def test_a_page_is_an_event_unless_it_says_visit(tmp_path: Path) -> None:
    """`as_event: null` asks for the visit, which is not documented for servers."""
    assert stream(tmp_path, PAGE).fixed_name == "Viewed Page"
    assert stream(tmp_path, PAGE + "as_event: Saw Page\n").fixed_name == "Saw Page"
    visits = stream(tmp_path, PAGE + "as_event: null\n")
    assert (visits.route, visits.fixed_name) == (Route.VISIT, None)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "snowflake", "bigquery"])
def test_a_query_without_since_is_put_inside_one_that_has_it(tmp_path: Path, dialect: str) -> None:
    """Whatever it ends with; what it says of `:as_of` itself stays."""
    text = "call: track\nsql: |\n  with a as (select * from marts.events where x < :as_of)\n  select * from a; -- all\n"
    found = stream(tmp_path, text.replace("; -- all", " -- all"), dialect)
    assert (len(found.query.as_of), len(found.query.since), found.query.upstream) == (2, 1, ("marts.events",))
    assert found.query.with_marker("$1", "$2").count("$1") == 2
    assert stream(tmp_path, text.replace(" -- all", ""), dialect).query.since


def test_a_query_with_since_is_left_as_it_is(tmp_path: Path) -> None:
    """It knows better how to be fast."""
    sql = "select * from marts.events where loaded_at > :since and loaded_at <= :as_of"
    found = stream(tmp_path, f"call: track\ncursor: loaded_at\nsql: {sql}\n")
    assert (found.query.text, found.query.with_marker("A", "S")) == (
        sql,
        sql.replace(":as_of", "A").replace(":since", "S"),
    )


@pytest.mark.parametrize("maker", ["segment", "rudderstack"])
@pytest.mark.parametrize(
    ("table", "columns", "row", "call"),
    [
        ("tracks", "event_text varchar", "'Order Completed'", ("track", "Order Completed", None)),
        ("screens", "name varchar", "'Cart'", ("screen", "Cart", None)),
        ("pages", "url varchar, referrer varchar", "'https://a.example/', 'r'", ("page", None, "https://a.example/")),
    ],
)
def test_templates_read_the_tables_of_segment_and_rudderstack(
    tmp_path: Path, maker: str, table: str, columns: str, row: str, call: tuple[str, str | None, str | None]
) -> None:
    """Rows of nobody are left out; rows come late, so that the cursor is when they came in."""
    found = stream(tmp_path, f"template: {maker}_{table}\nmodel: shop.{table}\nvalue: total\n")
    assert (found.call.value, found.cursor, found.overlap) == (call[0], "received_at", timedelta(days=1))
    assert found.query.upstream == (f"shop.{table}",)
    with duckdb.connect() as connection:
        connection.execute("create schema shop")
        connection.execute(
            f"create table shop.{table} (id varchar, user_id varchar, timestamp timestamp, received_at timestamp, "
            f"total double, {columns})"
        )
        for user in ("'u1'", "null"):
            connection.execute(f"insert into shop.{table} values ('a', {user}, '2026-01-01', '2026-01-02', 9.5, {row})")
        text = found.query.with_marker("$as_of", "$since")
        answer = connection.execute(text, {"since": datetime(2026, 1, 1), "as_of": datetime(2026, 1, 2)})  # noqa: DTZ001
        names = [column[0] for column in answer.description or ()]
        (only,) = [dict(zip(names, line, strict=True)) for line in answer.fetchall()]
    assert (only["event_id"], only["user_id"], only["value"]) == ("a", "u1", 9.5)
    assert (only.get("event"), only.get("url")) == call[1:]


def test_membership_may_tell_events_and_enrol(tmp_path: Path) -> None:
    """`from: all` enrols those, too, who are members already."""
    audience = AUDIENCE + "membership: {field: false, events: true, automation: Welcome}\n"
    loaded = checked(tmp_path, {"audiences/big_spenders.yaml": audience})
    assert loaded.declarations is not None
    said = loaded.declarations.audiences[0].membership
    assert said.events
    assert said.sent
    assert said.automation is not None
    assert (said.automation.automation, said.automation.existing) == ("Welcome", False)
    longer = AUDIENCE + "membership: {automation: {automation: 7, from: all}}\n"
    loaded = checked(tmp_path, {"audiences/big_spenders.yaml": longer})
    assert loaded.declarations is not None
    said = loaded.declarations.audiences[0].membership
    assert said.automation is not None
    assert (said.automation.automation, said.automation.existing) == ("7", True)


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        (SQL, 1, "`call`: is missing", "track, page or screen"),
        ("call: identify\n" + SQL, 1, "`call`: input should be 'track', 'page' or 'screen'", ""),
        (TRACK + "event: " + "n" * 33 + "\n", 3, "`event`: cannot be registered", "at most 32 characters"),
        (TRACK + "event: __own\n", 3, "`event`: begins with __", "ActiveCampaign's own"),
        (TRACK + "as_event: Seen\n", 3, "`as_event`: is only for `call: page`", "event"),
        (PAGE + "event: Seen\n", 3, "`event`: is not for pages", "as_event"),
        (TRACK + "from: yesterday\n", 3, "`from`: is not new, all or a moment", "2026-04-05T12:00"),
        (TRACK + "overlap: soon\n", 3, "`overlap`: is not a time", "3 hours"),
        (TRACK + "unknown_contacts: create\n", 3, "`unknown_contacts`: is neither wait nor drop", "one of them"),
        (TRACK + "unknown_contacts: drop\nwait_for: 1 day\n", 4, "`wait_for`: is only for", "remove it"),
        (TRACK + "value: total\n", 3, "`value`: is only for templates", "`value` itself"),
        (TRACK + "cursor: a b\n", 3, "`cursor`: is not the name of a column", "without quotes"),
        (TRACK + "begin: all\n", 3, "unknown setting `begin`", "from"),
        ("template: segment_all\nmodel: s.t\n", 1, "`template`: `segment_all` is none", "rudderstack_pages"),
        ("template: segment_pages\ncall: track\nmodel: s.t\n", 2, "`call`: is not that of the template", "page"),
        ("template: segment_tracks\n" + SQL, 2, "has both of `sql` and `template`", "model"),
        ("call: track\nmodel: s.t\n" + SQL, 3, "has both of `sql` and `model`", ""),
        (
            "call: track\nsql: select * from t where x > :until\n",
            2,
            "a parameter `:until` that nobody",
            ":since and :as_of",
        ),
        ("call: track\nsql: delete from t\n", 2, "is not one SELECT", ""),
    ],
)
def test_a_fault_of_a_stream_has_its_line_and_a_hint(
    tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    """One fault for one mistake."""
    fault = only_fault(tmp_path, {"events/orders.yaml": text})
    assert (fault.path, fault.line) == (tmp_path / "events/orders.yaml", line)
    assert message in fault.message
    assert hint in fault.hint
    assert fault.hint.strip()


def test_keys_are_names_of_files_and_mean_one_declaration(tmp_path: Path) -> None:
    """A stream has no name of its own; an audience may not have its key."""
    loaded = checked(
        tmp_path,
        {"events/Orders Done.yaml": TRACK, "events/big_spenders.yaml": TRACK, "audiences/big_spenders.yaml": AUDIENCE},
    )
    assert spots(tmp_path, loaded) == [("events/Orders Done.yaml", 1), ("events/big_spenders.yaml", 1)]
    assert "rename the file to orders_done.yaml" in loaded.faults[0].hint
