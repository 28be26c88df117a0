"""Canonical texts of values that are sets: several choices, and tags. Expressions of DuckDB SQL.

A set comes as a list, as JSON, or as text; an element that is NULL or blank counts as none.
"""

from __future__ import annotations

from ac_pipeline.store.canonical import LONGEST_TEXT, is_nested, no_option, no_text, number, text


def multi_choice(column: str, column_type: str) -> str:
    """The options as `||a||b||`, each once, sorted; empty text for an empty list; null without a value."""
    options = f"list_sort(list_distinct({_texts(_options(column, column_type))}))"
    return f"""case when len({options}) = 0 then '' else '||' || array_to_string({options}, '||') || '||' end"""


def multi_choice_fault(column: str, column_type: str) -> str:
    """Why a set of options cannot be used, or null."""
    json = _options(column, column_type)
    texts = _texts(json)
    return f"""case
        when {missing(json)} then null
        when {_misshapen(json)} then 'nested_value'
        when {_some(texts, f"{no_text('t')} or {no_option('t')}")} then 'invalid_value'
        when {_some(texts, f"length(t) > {LONGEST_TEXT}")} then 'too_long'
    end"""


def tags(column: str, column_type: str) -> str:
    """The tags as a JSON array, each once whatever its case, sorted by lower case; null where there are none.

    Of two spellings the first by code points stays.
    """
    found = _texts(_tags(column, column_type))
    keys = f"list_sort(list_distinct(list_transform({found}, lambda t: lower(t))))"
    names = f"list_transform({keys}, lambda k: list_min(list_filter({found}, lambda t: lower(t) = k)))"
    return f"case when len({found}) > 0 then cast(to_json({names}) as varchar) end"


def tags_fault(column: str, column_type: str) -> str:
    """`invalid_tags` for anything but a set of texts of at most 255 characters."""
    json = _tags(column, column_type)
    wrong = _some(_texts(json), f"{no_text('t')} or length(t) > {LONGEST_TEXT}")
    return f"case when not ({missing(json)}) and ({_misshapen(json)} or {wrong}) then 'invalid_tags' end"


def as_json(column: str, column_type: str, otherwise: str) -> str:
    """The column as JSON; `otherwise` is the JSON of a text that is neither an array nor an object."""
    if column_type == "JSON":
        return column
    if is_nested(column_type):
        return f"to_json({column})"
    trimmed = text(column)
    return f"""case
        when {trimmed} is null then null
        when left({trimmed}, 1) in ('[', '{{') and json_valid({trimmed}) then try_cast({trimmed} as json)
        else {otherwise}
    end"""


def elements(json: str) -> str:
    """The elements of a JSON array without its nulls; null for anything else."""
    return f"list_filter(try_cast({json} as json[]), lambda e: json_type(e) <> 'NULL')"


def json_text(json: str) -> str:
    """The text of a JSON scalar; whole numbers without a fraction."""
    inner = f"({json} ->> '$')"
    return f"case when json_type({json}) = 'DOUBLE' then {number(inner)} else {text(inner)} end"


def missing(json: str) -> str:
    """Whether there is no set at all, not even an empty one."""
    return f"coalesce(json_type({json}), 'NULL') = 'NULL'"


def _options(column: str, column_type: str) -> str:
    return as_json(column, column_type, f"to_json([{text(column)}])")


def _tags(column: str, column_type: str) -> str:
    return as_json(column, column_type, f"to_json(string_split({text(column)}, ','))")


def _texts(json: str) -> str:
    return f"list_filter(list_transform({elements(json)}, lambda e: {json_text('e')}), lambda t: t is not null)"


def _misshapen(json: str) -> str:
    inner = f"list_filter({elements(json)}, lambda e: json_type(e) in ('OBJECT', 'ARRAY'))"
    return f"coalesce(len({inner}) > 0, true)"


def _some(texts: str, condition: str) -> str:
    return f"coalesce(len(list_filter({texts}, lambda t: {condition})) > 0, false)"
