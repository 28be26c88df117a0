"""Addresses that may not be imported."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal, get_args

MatchType = Literal["exact", "begin", "end", "contains"]
MATCH_TYPES: tuple[str, ...] = get_args(MatchType)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One rule; the phrase is compared without case."""

    id: int
    phrase: str
    match_type: str

    def hits(self, email: str) -> bool:
        """Whether an address is excluded."""
        phrase, text = self.phrase.casefold(), email.casefold()
        match self.match_type:
            case "begin":
                return text.startswith(phrase)
            case "end":
                return text.endswith(phrase)
            case "contains":
                return phrase in text
            case _:
                return text == phrase


def add(db: sqlite3.Connection, phrase: str, match_type: str) -> None:
    """Add a rule."""
    db.execute("insert into exclusions (phrase, match_type) values (?, ?)", (phrase, match_type))


def everything(db: sqlite3.Connection) -> list[Exclusion]:
    """Return all rules."""
    return [Exclusion(*row) for row in db.execute("select id, phrase, match_type from exclusions order by id")]
