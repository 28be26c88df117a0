"""Everything about one contact, from the published copy."""

from __future__ import annotations

from datetime import datetime

import duckdb

from ac_pipeline.errors import UnknownName
from ac_pipeline.home import Home
from ac_pipeline.store.copy_version import require_present_version
from ac_pipeline.store.snapshots import FOREVER
from ac_pipeline.store.store import Store
from ac_pipeline.why.contact_copy import contact_copy
from ac_pipeline.why.find import find
from ac_pipeline.why.model import Explanation
from ac_pipeline.why.sentences import WITHHELD
from ac_pipeline.why.standing import Row, rows_of, standing_of
from ac_pipeline.why.timeline import events_of

_SPEAKERS = ("audience", "trait")


def explain(published: duckdb.DuckDBPyConnection, home: Home, name: str, key: str | None = None) -> Explanation:
    """Explain the contact with this user id or address, or one property of it and what that speaks through.

    Raises UnknownName for a name that nobody has, and for a key that there is not; Inconsistent for a copy that
    another version wrote.
    """
    require_present_version(published)
    subject = find(published, name)
    with contact_copy(published, home, subject.contact_id) as store:
        rows = rows_of(store)
        keys = None if key is None else _about(store, key, rows)
        withheld = _one(store, "select reason from engine.withheld")
        as_of = _one(store, "select max(as_of) from engine.computed_window")
        host = _one(store, "select host from engine.account")
        traced = [row for row in rows if _traced(row)]
        shown = [row for row in rows if row.key in keys] if keys is not None else traced
        return Explanation(
            subject,
            str(host or ""),
            as_of if isinstance(as_of, datetime) else None,
            tuple(_notes(rows, None if withheld is None else str(withheld), bound=host is not None)),
            tuple(standing_of(row, None if withheld is None else str(withheld)) for row in shown),
            tuple(row.key for row in rows if keys is None and row.kind in _SPEAKERS and not _traced(row)),
            events_of(store, keys),
        )


def _about(store: Store, key: str, rows: tuple[Row, ...]) -> frozenset[str]:
    """Return a property and the tags and lists that it speaks through, or an event stream."""
    streams = {str(row[0]) for row in store.connection.execute("select key from engine.stream").fetchall()}
    known = sorted({row.key for row in rows} | streams)
    if key not in known:
        message = f"There is no audience, trait, tag, list or event stream `{key}`."
        raise UnknownName(message, f"Known are: {', '.join(known)}.")
    spoken = store.connection.execute(
        """select said.key from engine.source
        join engine.property as speaker on speaker.property_id = source.source_id
        join engine.property as said on said.property_id = source.property_id
        where speaker.key = $key""",
        {"key": key},
    ).fetchall()
    return frozenset({key, *(str(row[0]) for row in spoken)})


def _traced(row: Row) -> bool:
    """Whether the store has anything about this contact and property."""
    nothing = row.state is None and row.target is None and row.began is None and row.desired is None
    return not nothing or row.opt_out is not None or bool(row.problems)


def _notes(rows: tuple[Row, ...], withheld: str | None, *, bound: bool) -> list[str]:
    """Return what concerns the contact as a whole."""
    notes = []
    address = next((row for row in rows if row.key == "email" and row.kind == "contacts"), None)
    if address is None or address.began is None:
        notes.append("The contacts query never returned a usable row for this user, so nothing can be sent.")
    elif address.ended is not None and address.ended < FOREVER:
        notes.append(
            f"The user is not in the contacts since the window of {address.ended:%Y-%m-%d %H:%M}; the last address is "
            "kept, so that exits can be told."
        )
    if withheld is not None:
        notes.append(f"May not be sent now ({withheld}). {WITHHELD.get(withheld, '')}".rstrip())
    if not bound:
        notes.append("Nothing was ever delivered from this home.")
    return notes


def _one(store: Store, query: str) -> object:
    row = store.connection.execute(query).fetchone()
    return None if row is None else row[0]
