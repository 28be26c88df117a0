"""Python values of any driver as Arrow columns: exact, of one type, and refused by name where they are neither."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.warehouse.connection import QueryFailed
from ac_pipeline.warehouse.values import Columns

MOMENT = datetime(2026, 4, 5, 10, 11, 12, 345678)  # noqa: DTZ001  (as drivers return it)
EAST = timezone(timedelta(hours=2))
GIVEN: list[tuple[object, pa.DataType, object]] = [
    (True, pa.bool_(), True),
    (7, pa.int64(), 7),
    (2**70, pa.decimal128(38, 10), Decimal(2**70)),
    (Decimal("1.50"), pa.decimal128(38, 10), Decimal("1.5")),
    (Decimal("0.00000000005"), pa.decimal128(38, 10), Decimal("0.0000000001")),
    (0.1, pa.float64(), 0.1),
    (date(2026, 4, 5), pa.date32(), date(2026, 4, 5)),
    (MOMENT, pa.timestamp("us"), MOMENT),
    (MOMENT.replace(tzinfo=EAST), pa.timestamp("us", "UTC"), datetime(2026, 4, 5, 8, 11, 12, 345678, UTC)),
    ("Zoë 😀", pa.string(), "Zoë 😀"),
    (uuid.UUID(int=1), pa.string(), str(uuid.UUID(int=1))),
    (["a", "ü"], pa.string(), '["a", "ü"]'),
    ({"k": 1}, pa.string(), '{"k": 1}'),
]


@pytest.mark.parametrize(("value", "kind", "arrived"), GIVEN, ids=lambda value: type(value).__name__)
def test_a_value_keeps_its_type_and_its_null(value: object, kind: pa.DataType, arrived: object) -> None:
    """Decimals through no floating point, moments in UTC."""
    column = Columns(["v"]).batch([(value,), (None,)]).column(0)
    assert (column.type, column.to_pylist()) == (kind, [arrived, None])


def test_a_column_has_one_type_in_all_its_batches() -> None:
    """Whole numbers may come in a column of decimals; what would change the type is refused by its name."""
    columns = Columns(["id", "v"])
    assert columns.batch([(1, Decimal("1.5"))]).column(1).type == pa.decimal128(38, 10)
    assert columns.batch([(2, 3), (3, None)]).column(1).to_pylist() == [Decimal(3), None]
    with pytest.raises(QueryFailed, match="`id` holds whole numbers, further on texts; cast it to one type"):
        columns.batch([("ada@example.com", 1)])
    with pytest.raises(QueryFailed, match="`v` holds texts and whole numbers"):
        Columns(["v"]).batch([(1,), ("ada@example.com",)])


def test_a_column_that_begins_with_nothing_is_text() -> None:
    """In the one form that the store reads all types from."""
    columns = Columns(["v"])
    assert columns.batch([(None,)]).column(0).type == pa.string()
    rest = [(Decimal("1.50"),), (True,), (MOMENT,), (date(2026, 4, 5),), (["a"],)]
    for value, text in zip(rest, ["1.50", "true", "2026-04-05 10:11:12.345678", "2026-04-05", '["a"]'], strict=True):
        assert columns.batch([value]).column(0).to_pylist() == [text]


@pytest.mark.parametrize(
    "value",
    [Decimal("NaN"), Decimal("Infinity"), Decimal("1e30"), b"x", pytest.param(memoryview(b"x"), id="memoryview")],
    ids=str,
)
def test_what_is_no_value_is_refused_by_its_column(value: object) -> None:
    """Never by itself."""
    with pytest.raises(QueryFailed, match=r"`v` (holds decimals that are out of range|is binary)"):
        Columns(["v"]).batch([(value,)])


@given(st.lists(st.none() | st.decimals(min_value=-1e20, max_value=1e20, places=10), min_size=1))
def test_decimals_are_exact(values: list[Decimal | None]) -> None:
    """Ten decimals and twenty digits before them."""
    columns = Columns(["v"])
    batch = columns.batch([(value,) for value in values])
    expected = pa.string() if all(value is None for value in values) else pa.decimal128(38, 10)
    assert batch.column(0).type == expected
    assert batch.column(0).to_pylist() == values
