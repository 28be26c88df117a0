"""Canonical texts of the column `lists`: states on mailing lists. Expressions of DuckDB SQL."""

from __future__ import annotations

from ac_pipeline.store.canonical import LONGEST_TEXT, no_text, text
from ac_pipeline.store.canonical_sets import as_json, elements, json_text, missing

_ACTIVE = ("active", "subscribe", "subscribed")
_UNSUBSCRIBED = ("unsubscribe", "unsubscribed")
"""The words of both Segment and RudderStack."""


def entries(column: str, column_type: str) -> str:
    """What a contact's `lists` says: a list of structs (name as written, status); null where it cannot be read.

    The column is an array of {id or list or name, status}, or one object {list: status}; an unknown
    status is null, and so is the name of an entry that names no list.
    """
    json = _json(column, column_type)
    name = f"coalesce({_member('id')}, {_member('list')}, {_member('name')})"
    of_array = f"{{'name': {name}, 'status': {_status(_member('status'))}}}"
    of_object = f"{{'name': {text('e.key')}, 'status': {_status(json_text('e.value'))}}}"
    return f"""case json_type({json})
        when 'ARRAY' then list_transform({elements(json)}, lambda e: {of_array})
        when 'OBJECT' then list_transform(map_entries(try_cast({json} as map(varchar, json))), lambda e: {of_object})
    end"""


def present(column: str, column_type: str) -> str:
    """Whether the column says anything, usable or not."""
    return f"not ({missing(_json(column, column_type))})"


def value(entries: str) -> str:
    """The canonical JSON object of lower-cased name or id to status; `unsubscribed` wins; null where none is named."""
    keys = f"list_sort(list_distinct(list_transform({entries}, lambda e: lower(e.name))))"
    same = f"list_filter({entries}, lambda e: lower(e.name) = k)"
    # `unsubscribed` is the last of the two words, too.
    status = f"list_max(list_transform({same}, lambda e: e.status))"
    members = f"""list_transform({keys}, lambda k: cast(to_json(k) as varchar) || ':"' || {status} || '"')"""
    return f"case when len({entries}) > 0 then '{{' || array_to_string({members}, ',') || '}}' end"


def fault(entries: str, present: str) -> str:
    """`invalid_lists` for what cannot be read, `unknown_status` for a status that is neither; otherwise null."""
    unnamed = f"e.name is null or {no_text('e.name')} or length(e.name) > {LONGEST_TEXT}"
    return f"""case
        when not {present} then null
        when {entries} is null or len(list_filter({entries}, lambda e: {unnamed})) > 0 then 'invalid_lists'
        when len(list_filter({entries}, lambda e: e.status is null)) > 0 then 'unknown_status'
    end"""


def _json(column: str, column_type: str) -> str:
    # A text that is no JSON becomes a JSON string, which is neither an array nor an object.
    return as_json(column, column_type, f"to_json({text(column)})")


def _member(name: str) -> str:
    member = f"(e -> '$.{name}')"
    return f"case when json_type({member}) not in ('OBJECT', 'ARRAY') then {json_text(member)} end"


def _status(status: str) -> str:
    return f"""case
        when lower({status}) in {_ACTIVE} then 'active'
        when lower({status}) in {_UNSUBSCRIBED} then 'unsubscribed'
    end"""
