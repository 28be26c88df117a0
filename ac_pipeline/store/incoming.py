"""Extracted rows as values of contacts: usable ones go on, the others are counted and listed.

Every function leaves its result in the temporary table `incoming(property_id, contact_id, value)`,
with at most one row for a property and contact, and adds to `engine.problem`.
"""

from __future__ import annotations

from datetime import datetime

from ac_pipeline.model.declaration import Kind
from ac_pipeline.model.extraction import Extracted
from ac_pipeline.model.properties import CONTACT_FIELDS
from ac_pipeline.store import canonical
from ac_pipeline.store.store import Store


class UnusableRows(Exception):
    """A query's result lacks a column it must have; the message says which."""


def read_incoming(store: Store, extracted: Extracted, ids: dict[str, int], as_of: datetime) -> None:
    """Fill `incoming` from one declaration's table in the attached database `extracted`.

    Raises UnusableRows when columns are missing.
    """
    store.connection.execute(
        "create or replace temp table incoming (property_id integer, contact_id integer, value varchar)"
    )
    store.connection.execute(
        "delete from engine.problem where key = $key and as_of <= $as_of",
        {"key": extracted.declaration.key, "as_of": as_of},
    )
    if extracted.rows == 0:
        return
    columns = _columns(store, extracted.table)
    if extracted.declaration.kind is Kind.CONTACTS:
        _contacts(store, extracted, columns, ids, as_of)
    else:
        _values(store, extracted, columns, ids[extracted.declaration.key], as_of)


def _columns(store: Store, table: str) -> dict[str, str]:
    rows = store.connection.execute(f"describe extracted.rows.{canonical.quoted(table)}").fetchall()
    return {str(row[0]).lower(): str(row[1]) for row in rows}


def _contacts(
    store: Store, extracted: Extracted, columns: dict[str, str], ids: dict[str, int], as_of: datetime
) -> None:
    """Standard fields. Of two rows for one user, and of two users with one e-mail, one wins.

    The winner of an address is the user with the lowest user id (shorter first, then by text, so that
    9 comes before 10); of two rows for one user the one with the lower e-mail, then names.
    """
    if "email" not in columns:
        raise UnusableRows("contacts needs a column `email`; the query has: " + ", ".join(columns))
    fields = ", ".join(
        f"{canonical.text(canonical.quoted(field))} as {field}" if field in columns else f"null::varchar as {field}"
        for field in CONTACT_FIELDS[1:]
    )
    email = canonical.email('"email"')
    user_id = canonical.user_id('"user_id"', columns["user_id"]) if "user_id" in columns else email
    table = f"extracted.rows.{canonical.quoted(extracted.table)}"
    connection = store.connection
    connection.execute(
        f"""create or replace temp table rows as
        select {user_id} as user_id, {email} as email, {fields} from {table}"""
    )
    connection.execute(
        """create or replace temp table judged as
        with usable as (
            select *, case
                when user_id is null then 'missing_user_id'
                when email is null then 'missing_email'
                when not regexp_full_match(email, $pattern) then 'invalid_email'
            end as fault
            from rows
        ),
        per_user as (
            select *, row_number() over (
                partition by user_id order by fault is not null, email, first_name, last_name, phone
            ) as nth
            from usable
        ),
        per_email as (
            select *, row_number() over (
                partition by email, fault is null and nth = 1 order by length(user_id), user_id
            ) as rank
            from per_user
        )
        select user_id, email, first_name, last_name, phone,
            case
                when fault is not null then fault
                when nth > 1 then 'duplicate_user'
                when rank > 1 then 'duplicate_email'
            end as fault
        from per_email""",
        {"pattern": canonical.EMAIL_PATTERN},
    )
    _record_problems(store, "contacts", as_of)
    _give_ids(store, "select user_id from judged where fault is null")
    for field in CONTACT_FIELDS:
        connection.execute(
            f"""insert into incoming
            select $property_id, contact.contact_id, judged.{field}
            from judged join engine.contact on contact.user_id = judged.user_id
            where judged.fault is null and judged.{field} is not null""",
            {"property_id": ids[field]},
        )


def _values(store: Store, extracted: Extracted, columns: dict[str, str], property_id: int, as_of: datetime) -> None:
    """Members of an audience (value `true`) or values of a trait; of two different values the lower text wins."""
    declaration = extracted.declaration
    if "user_id" not in columns and "email" not in columns:
        raise UnusableRows("the query needs a column `user_id` or `email`; it has: " + ", ".join(columns))
    trait = declaration.kind is Kind.TRAIT
    if trait and "value" not in columns:
        raise UnusableRows("a trait's query needs a column `value`; it has: " + ", ".join(columns))
    value = canonical.value('"value"', declaration.value_type) if trait else "'true'"
    blank = '"value" is null' if trait else "false"
    if "user_id" in columns:
        who, missing = canonical.user_id('"user_id"', columns["user_id"]), "missing_user_id"
    else:
        who, missing = canonical.email('"email"'), "missing_email"
    table = f"extracted.rows.{canonical.quoted(extracted.table)}"
    connection = store.connection
    connection.execute(
        f"create or replace temp table rows as select {who} as who, {value} as value, {blank} as blank from {table}"
    )
    if missing == "missing_email":
        _users_of_emails(store, as_of)
    else:
        connection.execute("create or replace temp table known as select *, who as user_id from rows")
    connection.execute(
        """create or replace temp table judged as
        select user_id, value, case
            when who is null then $missing
            when user_id is null then 'no_contact'
            when value is null and not blank then 'invalid_value'
            when rank() over (partition by user_id order by value nulls last) > 1
            then 'duplicate_user'
        end as fault
        from known where not blank""",
        {"missing": missing},
    )
    _record_problems(store, declaration.key, as_of)
    _give_ids(store, "select user_id from judged where fault is null")
    connection.execute(
        """insert into incoming
        select distinct $property_id::integer, contact.contact_id, judged.value
        from judged join engine.contact on contact.user_id = judged.user_id
        where judged.fault is null""",
        {"property_id": property_id},
    )


def _users_of_emails(store: Store, as_of: datetime) -> None:
    """Find the users of addresses: among the contacts as of the window, otherwise as last known."""
    store.connection.execute(
        """create or replace temp table known as
        with email as (select property_id from engine.property where key = 'email'),
        then_known as (
            select history.value as email, min(contact.user_id) as user_id
            from engine.history join email using (property_id) join engine.contact using (contact_id)
            where valid_from <= $as_of and valid_to > $as_of group by 1
        ),
        last_known as (
            select desired.value as email, min(contact.user_id) as user_id
            from engine.desired join email using (property_id) join engine.contact using (contact_id) group by 1
        )
        select rows.*, coalesce(then_known.user_id, last_known.user_id) as user_id
        from rows
        left join then_known on then_known.email = rows.who
        left join last_known on last_known.email = rows.who""",
        {"as_of": as_of},
    )


def _give_ids(store: Store, users: str) -> None:
    store.connection.execute(
        f"""insert into engine.contact
        select nextval('engine.contact_ids'), user_id
        from (
            select distinct seen.user_id from ({users}) as seen
            left join engine.contact on contact.user_id = seen.user_id
            where contact.user_id is null
            order by seen.user_id
        )"""
    )


def _record_problems(store: Store, key: str, as_of: datetime) -> None:
    """List unusable rows by user id; those without one are only counted. Only the newest window's are kept."""
    store.connection.execute(
        """insert into engine.problem
        select $as_of, $key, fault, user_id, count(*)
        from judged
        where fault is not null and not exists (select 1 from engine.computed_window where as_of > $as_of)
        group by fault, user_id""",
        {"as_of": as_of, "key": key},
    )
