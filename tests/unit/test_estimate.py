"""Numbers that are only partly known: what is not known is said, never zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.model.estimate import Estimate, at_least, at_most, exactly, total, unknown

numbers = st.integers(0, 10_000)


@st.composite
def truths(draw: st.DrawFn) -> tuple[Estimate, int]:
    """Return an estimate and a number that is possible by it."""
    least, wider, truth = sorted([draw(numbers), draw(numbers), draw(numbers)])
    most = draw(st.sampled_from([truth, truth + wider, None]))
    expected = draw(st.sampled_from([None, least]))
    return Estimate(expected, least, most), draw(st.integers(least, truth))


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (exactly(0), "0"), (exactly(1234), "1,234"), (at_least(5), "at least 5"), (at_most(5), "at most 5"),
        (at_most(0), "0"), (unknown(), "not known"), (unknown(2), "not known, at least 2"),
        (Estimate(7, 3, None), "about 7"), (Estimate(3, 3, 9), "3 to 9"),
    ],
)  # fmt: skip
def test_an_estimate_says_what_it_knows(estimate: Estimate, said: str) -> None:
    """In words a person would use."""
    assert str(estimate) == said


@given(st.lists(truths(), max_size=6))
def test_a_sum_holds_what_the_sum_of_the_numbers_can_be(parts: list[tuple[Estimate, int]]) -> None:
    """And it knows neither more nor less than its parts."""
    added = total(estimate for estimate, _ in parts)
    truth = sum(number for _, number in parts)

    assert added.least <= truth
    assert added.most is None or truth <= added.most
    assert (added.most is None) == any(estimate.most is None for estimate, _ in parts)
    assert (added.expected is None) == any(estimate.expected is None for estimate, _ in parts)
    assert added.summary()["at_least"] == added.least


def test_nothing_is_known_exactly_to_be_nothing() -> None:
    """The sum of no numbers is 0."""
    assert total([]) == exactly(0)
