"""Python values of any driver as Arrow columns of one type each, decimals exact.

Drivers state no types that can be relied on, so a column has the type of the values of the first batch that holds any.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from enum import Enum

import pyarrow as pa

from ac_pipeline.warehouse.connection import QueryFailed

_TEN_DECIMALS = Decimal("1e-10")
_DIGITS = 38
_INTEGERS = (-(2**63), 2**63 - 1)


class Kind(Enum):
    """What the values of a column are."""

    BOOLEAN = "booleans"
    INTEGER = "whole numbers"
    DECIMAL = "decimals"
    DOUBLE = "floating-point numbers"
    DATE = "dates"
    MOMENT = "timestamps without a zone"
    ZONED = "timestamps with a zone"
    TEXT = "texts"


_ARROW = {
    Kind.BOOLEAN: pa.bool_(),
    Kind.INTEGER: pa.int64(),
    Kind.DECIMAL: pa.decimal128(_DIGITS, 10),
    Kind.DOUBLE: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.MOMENT: pa.timestamp("us"),
    Kind.ZONED: pa.timestamp("us", "UTC"),
    Kind.TEXT: pa.string(),
}
_WIDER = {
    (Kind.INTEGER, Kind.DECIMAL),
    (Kind.INTEGER, Kind.DOUBLE),
}
"""Values of the first kind may stand in a column of the second."""


class Columns:
    """The columns of one result; a column keeps the kind it had first."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._kinds: list[Kind | None] = [None] * len(self._names)

    def batch(self, rows: Sequence[Sequence[object]]) -> pa.RecordBatch:
        """Return rows as a batch. Raises QueryFailed that names a column, never a value."""
        arrays = [self._values(number, values) for number, values in enumerate(zip(*rows, strict=True))]
        return pa.RecordBatch.from_arrays(arrays, names=self._names)

    def _values(self, number: int, values: Sequence[object]) -> pa.Array:
        name, known = self._names[number], self._kinds[number]
        found = _kind_of(name, values)
        if known is None:
            # A column of nothing but NULLs is text; what comes later becomes text, too.
            known = self._kinds[number] = found or Kind.TEXT
        if found is not None and found is not known and (found, known) not in _WIDER and known is not Kind.TEXT:
            raise QueryFailed(f"the column `{name}` holds {known.value}, further on {found.value}; cast it to one type")
        convert = {Kind.DECIMAL: _decimal, Kind.DOUBLE: _double, Kind.TEXT: _text}.get(known)
        try:
            given = values if convert is None else [None if v is None else convert(v) for v in values]
            return pa.array(given, _ARROW[known])
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, InvalidOperation):
            raise QueryFailed(
                f"the column `{name}` holds {known.value} that are out of range (NaN, infinity, too many digits); "
                "leave such rows out, or turn them into NULL"
            ) from None


def _kind_of(name: str, values: Sequence[object]) -> Kind | None:
    types = set(map(type, values)) - {type(None)}
    kinds = {_kind_of_type(one, name) for one in types}
    if Kind.MOMENT in kinds:
        zoned = {v.tzinfo is not None for v in values if isinstance(v, datetime)}
        kinds = (kinds - {Kind.MOMENT}) | {Kind.ZONED if with_zone else Kind.MOMENT for with_zone in zoned}
    if Kind.INTEGER in kinds and any(isinstance(v, int) and not _INTEGERS[0] <= v <= _INTEGERS[1] for v in values):
        kinds = (kinds - {Kind.INTEGER}) | {Kind.DECIMAL}
    if len(kinds) > 1 and kinds <= {Kind.INTEGER, Kind.DECIMAL}:
        return Kind.DECIMAL
    if len(kinds) > 1 and kinds <= {Kind.INTEGER, Kind.DOUBLE}:
        return Kind.DOUBLE
    if len(kinds) > 1:
        described = " and ".join(sorted(kind.value for kind in kinds))
        raise QueryFailed(f"the column `{name}` holds {described}; cast it to one type in the query")
    return next(iter(kinds), None)


def _kind_of_type(one: type, name: str) -> Kind:
    if issubclass(one, bytes | bytearray | memoryview):
        raise QueryFailed(f"the column `{name}` is binary, which is no value for a contact; leave it out")
    known = {bool: Kind.BOOLEAN, int: Kind.INTEGER, Decimal: Kind.DECIMAL, float: Kind.DOUBLE, date: Kind.DATE}
    if one in known:
        return known[one]
    return Kind.MOMENT if issubclass(one, datetime) else Kind.TEXT


def _decimal(value: object) -> Decimal:
    """Rounded to ten decimals, half away from zero, as the store does. Raises InvalidOperation."""
    with localcontext() as context:
        context.prec = _DIGITS
        rounded = Decimal(str(value)).quantize(_TEN_DECIMALS, ROUND_HALF_UP)
    if not rounded.is_finite():
        raise InvalidOperation
    return rounded


def _double(value: object) -> float:
    return float(str(value))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    value = getattr(value, "tolist", lambda: value)()  # arrays of NumPy, which some drivers return
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)
