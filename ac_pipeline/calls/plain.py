"""Python's values as JSON, so that they are read by the same rules as a warehouse's."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from typing import Literal

from ac_pipeline.model.declaration import ValueType

Kind = Literal["none", "bool", "number", "text", "moment", "date", "several", "nested"]
_TYPES: Mapping[Kind, ValueType] = {
    "bool": ValueType.BOOLEAN, "number": ValueType.NUMBER, "text": ValueType.TEXT, "moment": ValueType.DATETIME,
    "date": ValueType.DATE, "several": ValueType.MULTI_CHOICE,
}  # fmt: skip
LONG_TEXT = 255
"""Characters of a text from which on a new field is a text area."""


class NotPlain(ValueError):
    """A value that is neither a text, a number, a truth, a moment nor several of these."""


def as_json(value: object) -> str:
    """Return a value as JSON. Raises NotPlain."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def plain(value: object) -> object:
    """Return a value as JSON has it; what libraries have for nothing (NaN, NaT, NA) is none.

    Moments become ISO 8601; one without a zone is UTC, as in the warehouse. Raises NotPlain.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, datetime):
        return value.isoformat() if value == value else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | Integral | Real):
        return _number(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(one) for key, one in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((plain(one) for one in value), key=str)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(one) for one in value]
    return _of_library(value)


def kind_of(value: object) -> Kind:
    """Return what a value is like; blank text, too, is none."""
    match plain(value):
        case None:
            return "none"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case list():
            return "several"
        case dict():
            return "nested"
        case str() as text:
            if isinstance(value, Decimal):
                return "number"
            if isinstance(value, datetime):
                return "moment"
            if isinstance(value, date):
                return "date"
            return "text" if text.strip() else "none"
    raise NotPlain(type(value).__name__)


def type_of(value: object) -> ValueType:
    """Return the type that a new custom field for such a value has."""
    kind = kind_of(value)
    if kind == "text" and len(str(value)) > LONG_TEXT:
        return ValueType.TEXTAREA
    return _TYPES.get(kind, ValueType.TEXT)


def moment_of(value: object) -> datetime | None:
    """Return a moment in UTC from a datetime or ISO 8601 text; None where it is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime) or value != value:
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return None


def _number(value: Decimal | Integral | Real) -> object:
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Decimal):
        # As text, in which no digit is lost.
        return None if value.is_nan() else format(value, "f") if value.is_finite() else str(value)
    number = float(value)
    if math.isnan(number):
        return None
    if math.isinf(number):
        raise NotPlain("infinite number")
    # A user id or a telephone number that went through a table of floats is still a whole number.
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _of_library(value: object) -> object:
    """Return what a scalar or an array of numpy or pandas holds, neither of which is imported for it."""
    if type(value).__name__ == "NAType":
        return None
    as_list = getattr(value, "tolist", None)
    if not callable(as_list):
        raise NotPlain(type(value).__name__)
    return plain(as_list())


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise NotPlain("mapping with a key that is no text")
    return key
