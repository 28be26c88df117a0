"""PostgreSQL's values as Arrow columns, by the type the server states; nothing passes through floating point.

Each value arrives in the server's text form. What has no counterpart (enums, intervals, addresses, ranges …) stays
text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import adapters
from psycopg.types.string import TextLoader

from ac_pipeline.warehouse.connection import QueryFailed

LARGEST_DECIMAL = 38
"""Digits that a decimal of Arrow and DuckDB can have."""
_OPEN_DECIMAL = pa.decimal128(LARGEST_DECIMAL, 10)
"""For `numeric` without a precision, which every sum and average is; the store compares ten decimals."""

_BYTEA, _NUMERIC = 17, 1700
_Read = Callable[[pa.Array], pa.Array]


def leave_as_text(connection: psycopg.Connection) -> None:
    """Let every value of the connection, and every element of an array, arrive as the server writes it."""
    for known in connection.adapters.types:
        connection.adapters.register_loader(known.oid, TextLoader)


def columns_of(description: Sequence[psycopg.Column]) -> Columns:
    """Return how to read the columns a cursor describes. Raises QueryFailed for a type of no use."""
    return Columns(tuple(_column(column) for column in description))


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result."""

    name: str
    type: str
    read: _Read
    array: bool

    def values(self, given: Sequence[object]) -> pa.Array:
        """Return the values as Arrow. Raises QueryFailed that names the column, never the value."""
        try:
            if not self.array:
                return self.read(pa.array(given, pa.string()))
            lists = pa.array(given, pa.list_(pa.string()))
            elements = self.read(lists.flatten())
            return pa.ListArray.from_arrays(_offsets(lists), elements, mask=pc.is_null(lists))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            raise QueryFailed(_unreadable(self)) from None


@dataclass(frozen=True, slots=True)
class Columns:
    """All columns of a result."""

    all: tuple[Column, ...]

    def batch(self, rows: Sequence[tuple[object, ...]]) -> pa.RecordBatch:
        """Return rows as a batch. Raises QueryFailed."""
        arrays = [column.values(values) for column, values in zip(self.all, zip(*rows, strict=True), strict=True)]
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in self.all])


def _column(described: psycopg.Column) -> Column:
    info = adapters.types.get(described.type_code)
    array = info is not None and info.oid != described.type_code
    oid = info.oid if info is not None else 0
    if oid == _BYTEA:
        raise QueryFailed(f"the column `{described.name}` is bytea, which is no value for a contact; leave it out")
    read = _READ.get(oid, _text)
    if oid == _NUMERIC:
        read = _text if array else _numeric(described.precision, described.scale)
    return Column(described.name, info.name if info is not None else "text", read, array)


def _text(values: pa.Array) -> pa.Array:
    return values


def _cast(target: pa.DataType) -> _Read:
    return lambda values: pc.cast(values, target)


def _boolean(values: pa.Array) -> pa.Array:
    return pc.equal(values, "t")


def _numeric(precision: int | None, scale: int | None) -> _Read:
    if precision is not None and scale is not None and 0 <= scale <= precision <= LARGEST_DECIMAL:
        return _cast(pa.decimal128(precision, scale))
    return _open_numeric


def _open_numeric(values: pa.Array) -> pa.Array:
    """Round to ten decimals, half away from zero, as the store does; too many digits before them are refused."""
    # An average has sixteen decimals and more; what lies beyond the twentieth cannot change the tenth but for a tie.
    shortened = pc.replace_substring_regex(values, r"(\.\d{20})\d+$", r"\1")
    wide = pc.cast(shortened, pa.decimal256(76, 20))
    return pc.cast(pc.round(wide, 10, "half_towards_infinity"), _OPEN_DECIMAL)


_READ: Mapping[int, _Read] = {
    16: _boolean,
    **dict.fromkeys((20, 21, 23, 26), _cast(pa.int64())),
    **dict.fromkeys((700, 701), _cast(pa.float64())),
    1082: _cast(pa.date32()),
    1114: _cast(pa.timestamp("us")),
    1184: _cast(pa.timestamp("us", "UTC")),
}
"""By the server's number of a type (`pg_type.oid`), which never changes for these."""


def _offsets(lists: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return pa.concat_arrays([pa.array([0], pa.int32()), pc.cast(pc.cumulative_sum(lengths), pa.int32())])


def _unreadable(column: Column) -> str:
    if column.array:
        return f"the column `{column.name}` holds an array that cannot be read (arrays of arrays are not)"
    if column.type in {"date", "timestamp", "timestamptz"}:
        what = "infinity, a year before Christ or one after 9999"
    else:
        what = "NaN, infinity or more than 28 digits before the point"
    return f"the column `{column.name}` ({column.type}) holds {what}; leave such rows out, or turn them into NULL"
