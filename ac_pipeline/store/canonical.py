"""One text form for each value, so that equal values are equal texts. Expressions of DuckDB SQL.

Equal are:
    1, 1.0 and "1.00" as numbers (ten decimals count);
    one moment in two time zones; a moment without a zone is UTC, and fractions of a second do not count;
    a moment and the UTC day it falls on, as dates;
    texts in two of Unicode's normal forms, or with other spaces around them;
    choices, tags and lists in another order or named twice (see canonical_sets, canonical_lists).
0 and false are values; blank text is none. What is not of a value's type has no text, and `fault` says why.
"""

from __future__ import annotations

from ac_pipeline.model.declaration import ValueType

LONGEST = {ValueType.TEXTAREA: 10_000}
"""Characters of a text; ActiveCampaign publishes no limits (reference, 7.3: conservative ones)."""
LONGEST_TEXT = 255

_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
_NESTED = ("STRUCT", "MAP", "UNION")
_TEXTS = {ValueType.TEXT, ValueType.TEXTAREA, ValueType.CHOICE}

EMAIL_PATTERN = r"""^[^\s\pZ"(),:;<>@\[\\\]]+@[^\s\pZ"(),:;<>@\[\\\]]+\.[^\s\pZ"(),:;<>@\[\\\].0-9]{2,}$"""
"""What ActiveCampaign's importer accepts (reference, 6.3): no specials, a dot and two letters at the end."""


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(column: str) -> str:
    """Trimmed, in Unicode's composed form; blank text is no value."""
    plain = f"cast({column} as varchar)"
    # Composing would end a text at a NUL, and what has one is to be refused, not cut off.
    composed = f"if(contains({plain}, chr(0)), {plain}, nfc_normalize({plain}))"
    return f"nullif(trim({composed}, ' \t\r\n'), '')"


def email(column: str) -> str:
    """The contact key: trimmed and lower-cased."""
    return f"lower({text(column)})"


def user_id(column: str, column_type: str) -> str:
    """A user id as text; whole numbers without a fraction, whatever their type. Serves phone numbers, too."""
    if column_type.startswith(_FRACTIONS):
        whole = f"cast(try_cast({column} as hugeint) as varchar)"
        return f"case when {column} = trunc({column}) then {whole} else {text(column)} end"
    return scalar(column, column_type) if column_type == "JSON" else text(column)


def is_nested(column_type: str) -> bool:
    """Whether a column holds lists, structs or maps."""
    return column_type.endswith("]") or column_type.startswith(_NESTED)


def scalar(column: str, column_type: str) -> str:
    """The column, with text trimmed and what is inside JSON taken out of it."""
    if column_type == "JSON":
        return text(f"({column} ->> '$')")
    return text(column) if column_type == "VARCHAR" else column


def blank(column: str, column_type: str) -> str:
    """Whether there is no value: NULL, in JSON too, or blank text."""
    return f"{scalar(column, column_type)} is null"


def number(column: str) -> str:
    """A number without an exponent, a superfluous zero, or a minus before zero."""
    trimmed = f"rtrim(rtrim(cast({_decimal(column)} as varchar), '0'), '.')"
    return f"case when {_decimal(column)} is null then null when {trimmed} in ('-0', '') then '0' else {trimmed} end"


def _decimal(column: str) -> str:
    # By way of text, so that a double counts as what it prints (0.1, not 0.1000000015). Ten decimals are
    # more than a marketer's number needs and far inside DECIMAL's 38 digits.
    # DuckDB reads an underscore between digits, nobody else does.
    plain = f"cast({column} as varchar)"
    return f"if(contains({plain}, '_'), null, try_cast({plain} as decimal(38, 10)))"


def value(column: str, value_type: ValueType, column_type: str) -> str:
    """The canonical text of one value that is no set; null when it is not of the type (see `fault`)."""
    plain = scalar(column, column_type)
    moment = f"timezone('UTC', try_cast({plain} as timestamptz))"
    match value_type:
        case ValueType.NUMBER:
            return number(plain)
        case ValueType.BOOLEAN:
            # Of numbers only 0 and 1, in whatever form.
            return f"cast(try_cast(coalesce({number(plain)}, cast({plain} as varchar)) as boolean) as varchar)"
        case ValueType.DATE:
            return f"case when {_in_calendar(moment)} then strftime({moment}, '%Y-%m-%d') end"
        case ValueType.DATETIME:
            return f"case when {_in_calendar(moment)} then strftime({moment}, '%Y-%m-%dT%H:%M:%S+00:00') end"
        case _:
            return text(plain)


def _in_calendar(moment: str) -> str:
    """Whether a moment has a year of four digits; infinity and years before ours have none that can be sent."""
    return f"isfinite({moment}) and year({moment}) between 1 and 9999"


def fault(column: str, value_type: ValueType, column_type: str) -> str:
    """Why one value cannot be used (a kind of problem), or null; without a value there is no fault."""
    found = value(column, value_type, column_type)
    cases = [f"when {blank(column, column_type)} then null", f"when {nested(column, column_type)} then 'nested_value'"]
    if value_type in _TEXTS:
        limit = LONGEST.get(value_type, LONGEST_TEXT)
        cases += [f"when {no_text(found)} then 'invalid_value'", f"when length({found}) > {limit} then 'too_long'"]
    if value_type is ValueType.CHOICE:
        cases.append(f"when {no_option(found)} then 'invalid_value'")
    return f"case {' '.join(cases)} when {found} is null then 'invalid_value' end"


def no_text(value: str) -> str:
    """Whether a text has a character that must not travel: NUL ends texts in many programs."""
    return f"contains({value}, chr(0))"


def no_option(value: str) -> str:
    """Whether a text cannot be an option: bars separate options (`||a||b||`)."""
    return rf"regexp_matches({value}, '^\||\|\||\|$')"


def nested(column: str, column_type: str) -> str:
    """Whether one value is a list, a struct or a map."""
    if is_nested(column_type):
        return "true"
    if column_type == "JSON":
        return f"json_type({column}) in ('OBJECT', 'ARRAY')"
    if column_type == "VARCHAR":  # JSON columns of a warehouse arrive as text
        return f"starts_with({text(column)}, '{{') and json_valid({text(column)})"
    return "false"
