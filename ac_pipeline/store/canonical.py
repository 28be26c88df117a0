"""One text form for each value, so that equal values are equal texts. Expressions of DuckDB SQL."""

from __future__ import annotations

from ac_pipeline.model.declaration import ValueType

_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")

EMAIL_PATTERN = r"""^[^\s\pZ"(),:;<>@\[\\\]]+@[^\s\pZ"(),:;<>@\[\\\]]+\.[^\s\pZ"(),:;<>@\[\\\].0-9]{2,}$"""
"""What ActiveCampaign's importer accepts (reference, 6.3): no specials, a dot and two letters at the end."""


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(column: str) -> str:
    """Trimmed, in Unicode's composed form; blank text is no value."""
    return f"nullif(trim(nfc_normalize(cast({column} as varchar)), ' \t\r\n'), '')"


def email(column: str) -> str:
    """The contact key: trimmed and lower-cased."""
    return f"lower({text(column)})"


def user_id(column: str, column_type: str) -> str:
    """A user id as text; whole numbers without a fraction, whatever their type."""
    if column_type.startswith(_FRACTIONS):
        whole = f"cast(try_cast({column} as hugeint) as varchar)"
        return f"case when {column} = trunc({column}) then {whole} else {text(column)} end"
    return text(column)


def _decimal(column: str) -> str:
    # By way of text, so that a double counts as what it prints (0.1, not 0.1000000015). Ten decimals are
    # more than a marketer's number needs and far inside DECIMAL's 38 digits.
    return f"try_cast(cast({column} as varchar) as decimal(38, 10))"


def _number(column: str) -> str:
    trimmed = f"rtrim(rtrim(cast({_decimal(column)} as varchar), '0'), '.')"
    return f"case when {trimmed} in ('-0', '') then '0' else {trimmed} end"


def value(column: str, value_type: ValueType) -> str:
    """The canonical text of a trait's value; null when the value is not of the type."""
    match value_type:
        case ValueType.NUMBER:
            return f"case when {_decimal(column)} is not null then {_number(column)} end"
        case ValueType.BOOLEAN:
            return f"cast(try_cast({column} as boolean) as varchar)"
        case ValueType.DATE:
            day = f"try_cast({column} as date)"
            return f"case when isfinite({day}) then strftime({day}, '%Y-%m-%d') end"
        case ValueType.DATETIME:
            moment = f"timezone('UTC', try_cast({column} as timestamptz))"
            return f"case when isfinite({moment}) then strftime({moment}, '%Y-%m-%dT%H:%M:%S+00:00') end"
        case _:
            return text(column)
