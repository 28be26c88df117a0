"""Extracted rows of an audience or a trait as values of contacts."""

from __future__ import annotations

from datetime import datetime

from ac_pipeline.model.declaration import Declaration, Kind, ValueType
from ac_pipeline.model.extraction import Extracted
from ac_pipeline.store import canonical, canonical_sets
from ac_pipeline.store.columns import Columns, require, table
from ac_pipeline.store.problems import record_problems
from ac_pipeline.store.store import Store
from ac_pipeline.store.users import give_ids, users_of_emails


def read_values(store: Store, extracted: Extracted, columns: Columns, property_id: int, as_of: datetime) -> None:
    """Members of an audience (value `true`) or values of a trait; of two different values the lower text wins."""
    declaration = extracted.declaration
    require(columns, "the query", "user_id", "email")
    if declaration.kind is Kind.TRAIT:
        require(columns, "a trait's query", "value")
    by_user_id = "user_id" in columns
    who = canonical.user_id('"user_id"', columns["user_id"]) if by_user_id else canonical.email('"email"')
    value, fault = _value_and_fault(declaration, columns)
    connection = store.connection
    connection.execute(
        f"""create or replace temp table rows as
        select {who} as who, {value} as value, {fault} as fault from {table(extracted.table)}"""
    )
    if by_user_id:
        connection.execute("create or replace temp table known as select *, who as user_id from rows")
    else:
        users_of_emails(store, as_of)
    connection.execute(
        """create or replace temp table judged as
        with usable as (
            select user_id, case when fault is null then value end as value, case
                when who is null then $missing
                when user_id is null then 'no_contact'
                else fault
            end as fault
            from known where value is not null or fault is not null
        )
        select user_id, value, case
            when fault is not null then fault
            when rank() over (partition by user_id order by fault is not null, value) > 1 then 'duplicate_user'
        end as fault
        from usable""",
        {"missing": "missing_user_id" if by_user_id else "missing_email"},
    )
    connection.execute(
        "create or replace temp table problem_rows as select fault as kind, user_id from judged where fault is not null"
    )
    record_problems(store, declaration.key, as_of)
    give_ids(store, "select user_id from judged where fault is null")
    connection.execute(
        """insert into incoming
        select distinct $property_id::integer, contact.contact_id, judged.value
        from judged join engine.contact on contact.user_id = judged.user_id
        where judged.fault is null""",
        {"property_id": property_id},
    )


def _value_and_fault(declaration: Declaration, columns: Columns) -> tuple[str, str]:
    """Return the SQL of a row's value and of what is wrong with it; both are null for a row without a value."""
    if declaration.kind is not Kind.TRAIT:
        return "'true'", "null::varchar"
    column, column_type, value_type = '"value"', columns["value"], declaration.value_type
    if value_type is ValueType.MULTI_CHOICE:
        return (
            canonical_sets.multi_choice(column, column_type),
            canonical_sets.multi_choice_fault(column, column_type),
        )
    return (
        canonical.value(column, value_type, column_type),
        canonical.fault(column, value_type, column_type),
    )
