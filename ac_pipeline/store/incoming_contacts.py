"""Extracted rows of the contacts as values of their columns."""

from __future__ import annotations

from datetime import datetime

from ac_pipeline.model.declaration import ValueType
from ac_pipeline.model.extraction import Extracted
from ac_pipeline.model.properties import CONTACT_COLUMNS, CONTACT_FIELDS, LISTS, TAGS, TAGS_RESET, USER_ID
from ac_pipeline.store import canonical, canonical_lists, canonical_sets
from ac_pipeline.store.columns import Columns, require, table
from ac_pipeline.store.named import register_lists, register_tags
from ac_pipeline.store.problems import record_problems
from ac_pipeline.store.sql import sql
from ac_pipeline.store.store import Store
from ac_pipeline.store.users import give_ids

_NAMES = CONTACT_FIELDS[1:]
_NOTHING = "null::varchar"


def read_contacts(
    store: Store, extracted: Extracted, columns: Columns, ids: dict[str, int], as_of: datetime
) -> tuple[str, ...]:
    """Read the columns that exist; return their keys.

    Of two rows for one user, and of two users with one e-mail, one wins: of an address the user with the lowest
    user id (shorter first, then by text, so that 9 comes before 10); of two rows for one user the one with the
    lower e-mail, then the lower other columns.
    A value that cannot be read leaves the contact's other columns alone.
    """
    require(columns, "contacts", "email")
    connection = store.connection
    connection.execute(f"create or replace temp table rows as {_rows(columns, extracted.table)}")
    connection.execute(
        f"create or replace temp table judged as {sql('contacts')}", {"pattern": canonical.EMAIL_PATTERN}
    )
    connection.execute(
        """create or replace temp table problem_rows as
        select coalesce(fault, value_fault) as kind, user_id
        from (select fault, user_id, unnest(case when fault is null then value_faults else [null] end) as value_fault
              from judged)
        where kind is not null"""
    )
    record_problems(store, extracted.declaration.key, as_of)
    give_ids(store, "select user_id from judged where fault is null")
    present = tuple(key for key in CONTACT_COLUMNS if key in columns)
    for key in present:
        connection.execute(
            f"""insert into incoming
            select $property_id, contact.contact_id, judged.{key}
            from judged join engine.contact on contact.user_id = judged.user_id
            where judged.fault is null and judged.{key} is not null""",
            {"property_id": ids[key]},
        )
    if TAGS in columns:
        register_tags(store, ids[TAGS])
    if LISTS in columns:
        register_lists(store, ids[LISTS], resubscribe=extracted.declaration.resubscribe)
    return present


def _rows(columns: Columns, name: str) -> str:
    """Select user, columns (null where one is missing or unusable), and the kinds of unusable values of each row."""
    email = canonical.email('"email"')
    user_id = canonical.user_id('"user_id"', columns[USER_ID]) if USER_ID in columns else email
    values = {field: _name(field, columns) for field in _NAMES} | {
        TAGS: _tags(columns), TAGS_RESET: _reset(columns),
    }  # fmt: skip
    entries, lists_present = (
        (canonical_lists.entries('"lists"', columns[LISTS]), canonical_lists.present('"lists"', columns[LISTS]))
        if LISTS in columns
        else ("null::struct(name varchar, status varchar)[]", "false")
    )
    selected = ", ".join(f"{value} as {key}, {fault} as {key}_fault" for key, (value, fault) in values.items())
    faults = ", ".join(f"{key}_fault" for key in (*values, LISTS))
    usable = ", ".join(f"case when {key}_fault is null then {key} end as {key}" for key in _NAMES)
    return f"""
        with source as (
            select {user_id} as user_id, {email} as email, {selected},
                {entries} as entries, {lists_present} as lists_present
            from {table(name)}
        ),
        read as (select *, {canonical_lists.fault("entries", "lists_present")} as lists_fault from source)
        select user_id, email, {usable},
            case when tags_fault is null then tags end as tags,
            case when tags_fault is null and tags_reset then coalesce(lower(tags), '[]') end as tags_reset,
            case when lists_fault is null then {canonical_lists.value("entries")} end as lists,
            case when lists_fault is null then entries end as entries,
            list_distinct([{faults}]) as value_faults
        from read"""


def _name(field: str, columns: Columns) -> tuple[str, str]:
    if field not in columns:
        return _NOTHING, _NOTHING
    column, column_type = canonical.quoted(field), columns[field]
    # Phone numbers are numbers in some warehouses, and doubles where one of them is missing.
    return canonical.user_id(column, column_type), canonical.fault(column, ValueType.TEXT, column_type)


def _tags(columns: Columns) -> tuple[str, str]:
    if TAGS not in columns:
        return _NOTHING, _NOTHING
    column_type = columns[TAGS]
    return canonical_sets.tags('"tags"', column_type), canonical_sets.tags_fault('"tags"', column_type)


def _reset(columns: Columns) -> tuple[str, str]:
    if TAGS_RESET not in columns:
        return "false", _NOTHING
    column, column_type = '"tags_reset"', columns[TAGS_RESET]
    truth = f"{canonical.value(column, ValueType.BOOLEAN, column_type)} = 'true'"
    return truth, canonical.fault(column, ValueType.BOOLEAN, column_type)
