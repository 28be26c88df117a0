"""The user's own SQL and the parameters in it."""

from __future__ import annotations

from dataclasses import dataclass

Places = tuple[tuple[int, int], ...]
"""The `(start, end)` offsets of each occurrence of a parameter in a text."""


@dataclass(frozen=True, slots=True)
class Query:
    """The user's own SQL. `as_of` holds the places of each `:as_of` in `text`, `since` those of each `:since`."""

    text: str
    as_of: Places = ()
    upstream: tuple[str, ...] = ()
    """Relations the query reads, as written (`marts.orders`), sorted, unique."""
    since: Places = ()
    """Only of streams of events."""

    @property
    def any_window(self) -> bool:
        """Whether the query can be computed for a past window; if not it describes now."""
        return bool(self.as_of)

    def with_marker(self, marker: str, since: str = "") -> str:
        """Return the text with each `:as_of` and `:since` replaced by the driver's markers, nothing else touched."""
        places = sorted([(place, marker) for place in self.as_of] + [(place, since) for place in self.since])
        parts, last = [], 0
        for (start, end), sign in places:
            parts += [self.text[last:start], sign]
            last = end
        return "".join([*parts, self.text[last:]])
