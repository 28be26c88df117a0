"""Events that scripts tell, one at a time: in the same tables as those of streams, so that a sync goes on with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ac_pipeline.model.events import LONG_AGO, EventState, EventStream, Route
from ac_pipeline.store.events import DueEvent
from ac_pipeline.store.events_incoming import insert_judged, judge_rows
from ac_pipeline.store.store import Store, naive
from ac_pipeline.store.streams import CALL, stream_of_calls

FAILED = "call_failed"
"""Why an event is dropped that certainly was not told: the script was told so, and may call again."""
_COLUMNS = ("event_id", "user_id", "email", "occurred_at", "event", "properties", "url", "referrer")
_SOURCE = "called_row"
_LATEST = datetime(9999, 12, 31)  # noqa: DTZ001  (the store's moments have no zone)


@dataclass(frozen=True, slots=True)
class CalledRow:
    """One event as a row of a stream's table; `properties` is JSON. No repr shows it."""

    event_id: str
    user_id: str | None = field(repr=False)
    email: str | None = field(repr=False)
    occurred_at: str
    event: str | None = None
    properties: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    referrer: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CalledEvent:
    """Where an event stands that a script told."""

    contact_id: int | None
    state: EventState
    reason: str
    due: DueEvent


def judge_call(store: Store, stream: EventStream, row: CalledRow) -> str | None:
    """Return what is wrong with an event, a kind of problem; the row waits to be taken in."""
    columns = ", ".join(f"${name}::varchar as {name}" for name in _COLUMNS)
    store.connection.execute(
        f"create or replace temp table {_SOURCE} as select {columns}", {name: getattr(row, name) for name in _COLUMNS}
    )
    judge_rows(
        store, stream, dict.fromkeys(_COLUMNS, "VARCHAR"), _SOURCE, stream_id=stream_of_calls(store),
        floor=naive(LONG_AGO), as_of=_LATEST,
    )  # fmt: skip
    found = store.connection.execute("select fault from judged_event").fetchone()
    return "missing_moment" if found is None else found[0]


def last_judged(store: Store) -> tuple[str, str, str]:
    """Return name, value and referrer of the event that was judged last, as they would be told."""
    row = store.connection.execute("select name, value, referrer from judged_event").fetchone()
    name, value, referrer = row or ("", "", "")
    return name or "", value or "", referrer or ""


def take_call(store: Store, stream: EventStream, row: CalledRow, contact_id: int | None) -> None:
    """Take in the event that was judged last, durably, before any request; `contact_id` where it is known."""
    with store.transaction() as connection:
        number = stream_of_calls(store)
        insert_judged(store, stream, number)
        if contact_id is not None:
            connection.execute(
                "update engine.event set contact_id = $contact where stream_id = $stream and source_id = $id",
                {"contact": contact_id, "stream": number, "id": row.event_id},
            )


def take_enrolment(store: Store, message_id: str, contact_id: int, automation: str) -> None:
    """Take in an enrolment, durably, before any request."""
    store.connection.execute(
        """insert into engine.event values (nextval('engine.event_ids'), $stream, $id, 'enrol', $name, null, null,
        $contact, null, $now, $now, $now, 'pending', null, null)""",
        {
            "stream": stream_of_calls(store), "id": message_id, "name": automation, "contact": contact_id,
            "now": store.now(),
        },
    )  # fmt: skip


def called(store: Store, message_id: str) -> CalledEvent | None:
    """Return the event that a script told under this id; None when there is none, or it is forgotten."""
    row = store.connection.execute(
        """select event.contact_id, event.state, coalesce(event.reason, ''), event.event_id, event.route, event.name,
            coalesce(event.value, ''), coalesce(event.referrer, '')
        from engine.event join engine.stream on stream.stream_id = event.stream_id
        where stream.kind = $call and event.source_id = $id""",
        {"call": CALL, "id": message_id},
    ).fetchone()
    if row is None:
        return None
    contact_id, state, reason, event_id, route, name, value, referrer = row
    due = DueEvent(int(event_id), Route(route), str(name), str(value), str(referrer))
    return CalledEvent(contact_id, EventState(state), str(reason), due)


def move_call(
    store: Store, event_id: int, state: EventState, reason: str | None = None, contact_id: int | None = None
) -> None:
    """Note where an event stands that was not attempted, or certainly not told; what is dropped is over."""
    store.connection.execute(
        """update engine.event set state = $state, reason = $reason, contact_id = coalesce($contact, contact_id),
            settled_at = if($state = 'dropped', $now::timestamp, null)
        where event_id = $event""",
        {"state": state.value, "reason": reason, "event": event_id, "contact": contact_id, "now": store.now()},
    )


def doubtful(store: Store, contact_id: int) -> bool:
    """Whether it is not known of an event of this contact if it arrived: its next one may not overtake that."""
    row = store.connection.execute(
        "select 1 from engine.event where contact_id = $contact and state = 'unknown' and settled_at is null limit 1",
        {"contact": contact_id},
    ).fetchone()
    return row is not None
