"""Numbers that are only partly known before somebody asks the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many, as far as it can be known. What cannot be known is None, never zero.

    `expected` is what is reckoned with; `least` and `most` hold whatever the account answers.
    """

    expected: int | None
    least: int
    most: int | None

    def __str__(self) -> str:
        """Say it as a person would: `5`, `at most 5`, `at least 5`, `about 5`, `not known`."""
        if self.least == self.most:
            return f"{self.least:,}"
        if self.expected is None:
            return f"not known, at least {self.least:,}" if self.least else "not known"
        if self.most is None:
            return f"at least {self.least:,}" if self.expected == self.least else f"about {self.expected:,}"
        return f"at most {self.most:,}" if not self.least else f"{self.least:,} to {self.most:,}"

    def summary(self) -> dict[str, int | None]:
        """Return it for programs; null is what cannot be known."""
        return {"expected": self.expected, "at_least": self.least, "at_most": self.most}


def exactly(number: int) -> Estimate:
    """Return a number that is known."""
    return Estimate(number, number, number)


def at_least(number: int) -> Estimate:
    """Return a number that may turn out higher."""
    return Estimate(number, number, None)


def at_most(number: int) -> Estimate:
    """Return a number that is reckoned with in full, and may turn out lower."""
    return Estimate(number, 0, number)


def unknown(least: int = 0) -> Estimate:
    """Return a number of which only the account can say how high it is."""
    return Estimate(None, least, None)


def total(estimates: Iterable[Estimate]) -> Estimate:
    """Add numbers up; the sum is as little known as its parts."""
    parts = list(estimates)
    expected = [part.expected for part in parts if part.expected is not None]
    most = [part.most for part in parts if part.most is not None]
    return Estimate(
        sum(expected) if len(expected) == len(parts) else None,
        sum(part.least for part in parts),
        sum(most) if len(most) == len(parts) else None,
    )
