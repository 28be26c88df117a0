"""Where events come from: the declared streams, how far each was read, and from when on it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ac_pipeline.model.declaration import Declaration, Declarations
from ac_pipeline.model.events import AfterDoubt, EventStream, UnknownContacts
from ac_pipeline.store.store import Store, naive

STREAM, AUDIENCE, AUTOMATION, CALL = "stream", "audience", "automation", "call"
CALLS = "calls"
"""Key of the stream of what scripts tell, which no file declares."""
_WAIT_FOR_CONTACT = 7 * 24 * 3600
"""Seconds, as streams have them by default."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a stream was read; moments are UTC without a zone."""

    stream_id: int
    begun_at: datetime | None
    cursor_at: datetime | None
    forgotten_at: datetime | None

    def floor(self, stream: EventStream, as_of: datetime) -> datetime:
        """Return the moment up to which nothing is told, `as_of` being the end of the present window.

        A stream that is read for the first time begins where it says, otherwise now.
        """
        begun = self.begun_at or (naive(stream.begin) if stream.begin is not None else as_of)
        if stream.begin is not None and self._asked_back(stream):
            begun = naive(stream.begin)
        return begun if self.forgotten_at is None else max(begun, self.forgotten_at)

    def since(self, stream: EventStream, as_of: datetime) -> datetime:
        """Return the moment after which rows are read: `overlap` before the newest one, for those that came late."""
        floor = self.floor(stream, as_of)
        if self.cursor_at is None or self._asked_back(stream):
            return floor
        return max(floor, self.cursor_at - stream.overlap)

    def _asked_back(self, stream: EventStream) -> bool:
        """Whether history is asked for after the stream began; not when some of what was told is forgotten."""
        begun, asked = self.begun_at, stream.begin
        return begun is not None and asked is not None and self.forgotten_at is None and naive(asked) < begun


def register_streams(store: Store, declarations: Declarations) -> None:
    """Note which streams are declared now, and what is declared of them; one whose file is gone is retired."""
    with store.transaction() as connection:
        connection.execute("update engine.stream set declared = false where declared and kind <> $call", {"call": CALL})
        for stream in declarations.events:
            _put(
                store, STREAM, stream.key, call=stream.call.value, unknown=stream.unknown_contacts.value,
                wait=int(stream.wait_for.total_seconds()), doubt=stream.after_doubt.value,
            )  # fmt: skip
        for audience in declarations.audiences:
            if audience.membership.events:
                _put_audience(store, AUDIENCE, audience)
            if audience.membership.automation is not None:
                _put_audience(store, AUTOMATION, audience)


def stream_of_calls(store: Store) -> int:
    """Return the id of the stream of what scripts tell: it waits for contacts, and repeats nothing blindly."""
    _put(
        store, CALL, CALLS, call="track", unknown=UnknownContacts.WAIT.value, wait=_WAIT_FOR_CONTACT,
        doubt=AfterDoubt.SKIP.value,
    )  # fmt: skip
    row = store.connection.execute("select stream_id from engine.stream where kind = $call", {"call": CALL}).fetchone()
    return int(row[0]) if row else 0


def _put_audience(store: Store, kind: str, audience: Declaration) -> None:
    """Members who are no contacts are waited for as long as they are members; nothing is repeated blindly."""
    call = "track" if kind == AUDIENCE else "enrol"
    _put(store, kind, audience.key, call=call, unknown=UnknownContacts.WAIT.value, wait=-1, doubt=AfterDoubt.SKIP.value)


def _put(store: Store, kind: str, key: str, **values: object) -> None:
    known = store.connection.execute(
        "select 1 from engine.stream where kind = $kind and key = $key", {"kind": kind, "key": key}
    ).fetchone()
    if known is None:
        store.connection.execute(
            """insert into engine.stream
            select nextval('engine.stream_ids'), $kind, $key, '', true,
                (select property_id from engine.property where key = $key and $kind not in ('stream', 'call')),
                '', 0, '', null, null, null, null""",
            {"kind": kind, "key": key},
        )
    store.connection.execute(
        """update engine.stream set declared = true, call = $call, unknown_contacts = $unknown, wait_seconds = $wait,
        after_doubt = $doubt where kind = $kind and key = $key""",
        {**values, "kind": kind, "key": key},
    )


def reached(store: Store) -> Mapping[str, Reached]:
    """Return how far each stream was read, by key."""
    rows = store.connection.execute(
        "select key, stream_id, begun_at, cursor_at, forgotten_at from engine.stream where kind = 'stream'"
    ).fetchall()
    return {str(row[0]): Reached(*row[1:]) for row in rows}


def read_from(store: Store, streams: tuple[EventStream, ...], as_of: datetime) -> Mapping[EventStream, datetime]:
    """Return the moment after which each stream is to be read, in UTC."""
    known, end = reached(store), naive(as_of)
    return {stream: known[stream.key].since(stream, end).replace(tzinfo=UTC) for stream in streams}


def has_streams(store: Store) -> bool:
    """Whether any event was ever declared."""
    return store.connection.execute("select 1 from engine.stream limit 1").fetchone() is not None
