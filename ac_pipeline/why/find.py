"""Whom a person means by a user id or an address."""

from __future__ import annotations

import duckdb

from ac_pipeline.errors import UnknownName
from ac_pipeline.store import canonical
from ac_pipeline.store.sql import sql
from ac_pipeline.why.model import Subject
from ac_pipeline.why.sentences import PROBLEMS

_FOUND_BY = {
    1: "user id",
    2: "address",
    3: "address it has in ActiveCampaign",
    4: "earlier address",
    5: "address it was told under",
}


def find(published: duckdb.DuckDBPyConnection, name: str) -> Subject:
    """Return the contact with this user id or address; the present holder of an address before earlier ones.

    Raises UnknownName, which never repeats the name, when nobody has it.
    """
    published.execute(
        f"create or replace temp table asked as select {canonical.text('name')} as user_id, "
        f"{canonical.email('name')} as email from (select $name::varchar as name)",
        {"name": name},
    )
    rows = published.execute(sql("why_find")).fetchall()
    if not rows:
        raise _unknown(published)
    contact_id, user_id, rank = rows[0]
    remote = published.execute(
        "select remote_id from engine.remote_contact where contact_id = $contact", {"contact": contact_id}
    ).fetchone()
    others = tuple(_label(other, who) for other, who, _ in rows[1:])
    return Subject(
        int(contact_id), _label(contact_id, user_id), _FOUND_BY[rank], str(remote[0]) if remote else None, others
    )


def _label(contact_id: int, user_id: str) -> str:
    """Where contacts have no user ids, the address is one."""
    return f"contact {contact_id}" if "@" in user_id else f"user {user_id}"


def _unknown(published: duckdb.DuckDBPyConnection) -> UnknownName:
    rows = published.execute(
        """select key, kind from engine.problem, asked
        where problem.user_id = asked.user_id or problem.user_id = asked.email group by all order by all"""
    ).fetchall()
    if rows:
        said = " ".join(f"{key}: {PROBLEMS.get(kind, kind)}" for key, kind in rows)
        return UnknownName(
            f"That user was seen in the newest window, but not one row could be used. {said}",
            "Correct the rows in the warehouse; the next sync takes them.",
        )
    return UnknownName(
        "Nobody with this address or user id was ever seen in a window that was computed.",
        "Look whether the query of assets/contacts.yaml returns the person, and whether a sync ran since.",
    )
