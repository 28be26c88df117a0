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
from uuid import UUID

from ac_pipeline.model.declaration import ValueType

Kind = Literal["none", "bool", "number", "text", "moment", "date", "several", "nested"]
_TYPES: Mapping[Kind, ValueType] = {
    "bool": ValueType.BOOLEAN, "number": ValueType.NUMBER, "text": ValueType.TEXT, "moment": ValueType.DATETIME,
    "date": ValueType.DATE, "several": ValueType.MULTI_CHOICE,
}  # fmt: skip
LONG_TEXT = 255
"""Characters of a text from which on a new field is a text area."""
_DIGITS, _DEPTH = 1_000, 16
"""Of a number, and of lists in lists, at most; long before Python's own limits."""


class NotPlain(ValueError):
    """A value that is neither a text, a number, a truth, a moment nor several of these. The message never shows it."""


def as_json(value: object) -> str:
    """Return a value as JSON. Raises NotPlain."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def as_user_id(value: object) -> str:
    """Return a user id as JSON. Raises NotPlain, also for a truth: it is nobody's id."""
    if isinstance(plain(value), bool):
        raise NotPlain("bool")
    return as_json(value)


def is_text(text: str) -> bool:
    """Whether a text can be written as UTF-8: what was read with wrong letters may have half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain(value: object) -> object:
    """Return a value as JSON has it; what libraries have for nothing (NaN, NaT, NA) is none.

    Moments become ISO 8601; one without a zone is UTC, as in the warehouse. Raises NotPlain.
    """
    return _plain(value, _DEPTH)


def _plain(value: object, depth: int) -> object:
    if isinstance(value, Enum):
        return _plain(value.value, depth)
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat() if value == value else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | Integral | Real):
        return _number(value)
    if not depth:
        raise NotPlain("list in a list in a list without an end")
    return _several(value, depth - 1)


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


def _several(value: object, depth: int) -> object:
    if isinstance(value, Mapping):
        return {_key(key): _plain(one, depth) for key, one in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((_plain(one, depth) for one in value), key=str)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_plain(one, depth) for one in value]
    return _of_library(value, depth)


def _number(value: Decimal | Integral | Real) -> object:
    if isinstance(value, Integral):
        if abs(int(value)) >= 10**_DIGITS:
            raise NotPlain("number of so many digits")
        return int(value)
    if isinstance(value, Decimal):
        if value.is_finite() and max(abs(value.adjusted()), len(value.as_tuple().digits)) > _DIGITS:
            raise NotPlain("number of so many digits")
        # As text, in which no digit is lost.
        return None if value.is_nan() else format(value, "f") if value.is_finite() else str(value)
    try:
        number = float(value)
    except OverflowError:
        raise NotPlain("number of so many digits") from None
    if math.isnan(number):
        return None
    if math.isinf(number):
        raise NotPlain("infinite number")
    # A user id or a telephone number that went through a table of floats is still a whole number.
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _of_library(value: object, depth: int) -> object:
    """Return what a scalar or an array of numpy or pandas holds, neither of which is imported for it."""
    if type(value).__name__ == "NAType":
        return None
    as_list = getattr(value, "tolist", None)
    if not callable(as_list):
        raise NotPlain(type(value).__name__)
    return _plain(as_list(), depth)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise NotPlain("mapping with a key that is no text")
    return _text(key)


def _text(text: str) -> str:
    if not is_text(text):
        raise NotPlain("text with half a character")
    return text
