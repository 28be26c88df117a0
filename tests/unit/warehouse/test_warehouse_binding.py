"""A query in a driver's own style of parameters: the moment is bound, the rest is the user's text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.declarations.query import SINCE_AND_AS_OF, read_query
from ac_pipeline.errors import Inconsistent
from ac_pipeline.warehouse.binding import bound

VALUES = {"as_of": "A", "since": "S"}
PIECES = st.sampled_from(
    [
        ":as_of",
        ":since",
        "'100%'",
        "a % b",
        "'%s %(x)s %%'",
        "'it''s :as_of'",
        "x::date",
        "-- :as_of ? %\n1",
        "1",
        "'?'",
    ]
)


MARKERS = {
    "format": lambda name, number: "%s",
    "pyformat": lambda name, number: f"%({name})s",
    "qmark": lambda name, number: "?",
    "named": lambda name, number: f":{name}",
    "numeric": lambda name, number: f":{number}",
    "numeric_dollar": lambda name, number: f"${number}",
}


@settings(max_examples=100)
@given(st.lists(PIECES, min_size=1, max_size=8), st.sampled_from(sorted(MARKERS)))
def test_every_marker_stands_for_its_value_and_nothing_else_changes(pieces: list[str], style: str) -> None:
    """Whatever stands around it; only where a driver would take a percent sign for a marker it is doubled."""
    query, _ = read_query("select " + ", ".join(pieces), "postgres", SINCE_AND_AS_OF)
    sent, values = bound(query, style, VALUES)
    names = [piece[1:] for piece in pieces if piece in {":as_of", ":since"}]
    numbers = iter(range(1, 9))
    doubled = style in {"format", "pyformat"}
    expected = [
        MARKERS[style](piece[1:], next(numbers))
        if piece in {":as_of", ":since"}
        else (piece.replace("%", "%%") if doubled else piece)
        for piece in pieces
    ]
    assert sent == "select " + ", ".join(expected)
    by_name = style in {"pyformat", "named"}
    assert values == ({name: VALUES[name] for name in names} if by_name else tuple(VALUES[name] for name in names))


def test_a_driver_that_replaces_percent_signs_gets_the_users_text_back() -> None:
    """What PyMySQL and BigQuery do with a text and its values."""
    query, _ = read_query("select a from t where b like '100%' and c < :as_of", "mysql")
    sent, values = bound(query, "pyformat", {"as_of": "'2026-04-05'"})
    assert sent % values == "select a from t where b like '100%' and c < '2026-04-05'"


def test_a_style_nobody_knows_is_refused() -> None:
    """Rather than sent in a text that the server would misread."""
    query, _ = read_query("select :as_of", "postgres")
    with pytest.raises(Inconsistent, match="braces"):
        bound(query, "braces", VALUES)
