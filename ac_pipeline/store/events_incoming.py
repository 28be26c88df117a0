"""Rows of event streams as events: each is taken in once, with the cursor, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ac_pipeline.model.events import OWN_PREFIX, EventCall, EventStream, Route, StreamRows
from ac_pipeline.model.tracking import LONGEST_EVENT, LONGEST_VALUE
from ac_pipeline.store import canonical
from ac_pipeline.store.columns import Columns, UnusableRows, columns_of, require, table
from ac_pipeline.store.sql import sql
from ac_pipeline.store.store import Store, naive
from ac_pipeline.store.streams import Reached, reached
from ac_pipeline.store.users import give_ids

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
            "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
_NOTHING = "null::varchar"
VISIT = "__pagevisit"
"""What page visits are called in the account's own log (reference, section 12)."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What one reading of a stream brought: events that were not known, and those of them that cannot be told."""

    key: str
    new: int = 0
    rejected: int = 0
    failure: str = ""
    """Why nothing was taken in; the cursor stays where it was."""


def take_in(store: Store, rows: StreamRows, as_of: datetime) -> TakenIn:
    """Take in the rows of one stream, in the attached database `extracted`, and move its cursor; one transaction."""
    stream = rows.stream
    if rows.failure:
        return TakenIn(stream.key, failure=rows.failure)
    known, end = reached(store)[stream.key], naive(as_of)
    names = {"stream": known.stream_id, "floor": known.floor(stream, end), "now": store.now()}
    try:
        with store.transaction() as connection:
            new = rejected = 0
            if rows.table:
                new, rejected = _take_in(store, rows, known, end)
            connection.execute(
                """update engine.stream set begun_at = least(coalesce(begun_at, $floor), $floor), read_at = $now
                where stream_id = $stream""",
                names,
            )
    except UnusableRows as unusable:
        return TakenIn(stream.key, failure=str(unusable))
    return TakenIn(stream.key, new, rejected)


def _take_in(store: Store, rows: StreamRows, known: Reached, end: datetime) -> tuple[int, int]:
    stream, connection = rows.stream, store.connection
    columns = columns_of(store, rows.table)
    _require_all(stream, columns)
    floor = known.floor(stream, end)
    judge_rows(store, stream, columns, table(rows.table), stream_id=known.stream_id, floor=floor, as_of=end)
    states = insert_judged(store, stream, known.stream_id)
    connection.execute(
        """update engine.stream set cursor_at = newest.cursor_at
        from (select max(cursor_at) as cursor_at from event_row where cursor_at <= $as_of) as newest
        where stream_id = $stream and newest.cursor_at > coalesce(stream.cursor_at, timestamp '0001-01-01')""",
        {"stream": known.stream_id, "as_of": end},
    )
    return len(states), sum(state == "rejected" for state in states)


def judge_rows(
    store: Store,
    stream: EventStream,
    columns: Columns,
    source: str,
    *,
    stream_id: int,
    floor: datetime,
    as_of: datetime,
) -> None:
    """Read the rows of `source`, a table with these columns, into `judged_event`: those that are new, and their faults.

    Moments are UTC without a zone; rows outside `(floor, as_of]` are left out.
    """
    connection = store.connection
    connection.execute(f"create or replace temp table event_row as {_rows(stream, columns, source)}")
    connection.execute(
        f"create or replace temp table judged_event as {sql('events_judged')}",
        {
            "floor": floor, "as_of": as_of, "pattern": canonical.EMAIL_PATTERN, "most_name": LONGEST_EVENT,
            "most_value": LONGEST_VALUE, "own": OWN_PREFIX, "shorten": stream.shorten, "stream": stream_id,
            "visit": stream.route is Route.VISIT,
        },
    )  # fmt: skip


def insert_judged(store: Store, stream: EventStream, stream_id: int) -> list[str]:
    """Take in what is in `judged_event`; return the state of each."""
    give_ids(store, "select user_id from judged_event where user_id is not null")
    inserted = store.connection.execute(
        """insert into engine.event
        select nextval('engine.event_ids'), $stream, fresh.* from (
            select judged.source_id, $route, coalesce(judged.name, ''), judged.value, judged.referrer,
                contact.contact_id, judged.email, judged.occurred_at, judged.cursor_at, $now::timestamp,
                if(judged.fault is null, 'pending', 'rejected'), judged.fault,
                if(judged.fault is null, null, $now::timestamp)
            from judged_event as judged left join engine.contact on contact.user_id = judged.user_id
            order by judged.occurred_at, judged.source_id
        ) as fresh
        returning state""",
        {"stream": stream_id, "route": stream.route.value, "now": store.now()},
    ).fetchall()
    return [str(state) for (state,) in inserted]


def _require_all(stream: EventStream, columns: Columns) -> None:
    require(columns, "a stream", "user_id", "email")
    require(columns, "a stream", "occurred_at")
    require(columns, "a stream", stream.cursor.lower())
    if stream.route is Route.VISIT:
        require(columns, "a stream of visits", "url")
    elif stream.fixed_name is None:
        require(columns, "a stream whose declaration names no `event`", "event")


def _rows(stream: EventStream, columns: Columns, source: str) -> str:
    """Select id, person, moments, name, value and referrer as text, and what is wrong with a value."""
    user = canonical.user_id('"user_id"', columns["user_id"]) if "user_id" in columns else _NOTHING
    email = canonical.email('"email"') if "email" in columns else _NOTHING
    url, referrer = _text("url", columns), _text("referrer", columns)
    event = _text("event", columns) if stream.fixed_name is None else _literal(stream.fixed_name)
    value, fault = _value(columns)
    if stream.call is EventCall.PAGE:
        value = f"coalesce({value}, {url})"
    if stream.route is Route.VISIT:
        event, value, fault = _literal(VISIT), url, _NOTHING
    given = canonical.user_id('"event_id"', columns["event_id"]) if "event_id" in columns else _NOTHING
    whole = ", ".join(f"coalesce(cast({canonical.quoted(column)} as varchar), '')" for column in sorted(columns)
                      if not column.startswith("_dlt_"))  # fmt: skip
    return f"""
        select
            coalesce({given}, md5(concat_ws(chr(31), {whole}))) as source_id,
            {user} as user_id, {email} as email,
            {_moment("occurred_at", columns)} as occurred_at, {_moment(stream.cursor.lower(), columns)} as cursor_at,
            {event} as name, {value} as value, {fault} as value_fault, {referrer} as referrer
        from {source}"""


def _value(columns: Columns) -> tuple[str, str]:
    """Return the SQL of a row's value and of what is wrong with it; without a column it is `acValue` of properties."""
    if "value" in columns:
        column, kind = '"value"', columns["value"]
    elif "properties" in columns:
        column, kind = "(try_cast(cast(\"properties\" as varchar) as json) -> '$.acValue')", "JSON"
    else:
        return _NOTHING, _NOTHING
    if kind.startswith(_NUMBERS):
        text = f"coalesce({canonical.number(column)}, cast({column} as varchar))"
    elif kind == "JSON":
        # A number in JSON is one, too: 20.0 and 20 are the same amount.
        kinds = "('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'DECIMAL')"
        plain = canonical.scalar(column, kind)
        text = f"if(json_type({column}) in {kinds}, coalesce({canonical.number(plain)}, {plain}), {plain})"
    else:
        text = canonical.text(column)
    return text, (
        f"case when {canonical.nested(column, kind)} then 'nested_value' "
        f"when {canonical.no_text(text)} then 'invalid_value' end"
    )


def _text(name: str, columns: Columns) -> str:
    if name not in columns:
        return _NOTHING
    kind = columns[name]
    return canonical.scalar(canonical.quoted(name), kind) if kind == "JSON" else canonical.text(canonical.quoted(name))


def _moment(name: str, columns: Columns) -> str:
    plain = canonical.scalar(canonical.quoted(name), columns[name])
    moment = f"timezone('UTC', try_cast({plain} as timestamptz))"
    return f"if(isfinite({moment}), {moment}, null)"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
