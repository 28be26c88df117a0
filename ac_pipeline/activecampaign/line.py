"""Who goes next where several wait for the same limit: by rank, and within a rank in the order they came."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import IntEnum

IN_A_ROW = 2
"""So many of the first rank go before others that wait; then one of these does: nobody waits for ever."""


class Rank(IntEnum):
    """How much depends on a request."""

    FIRST = 0
    """A tighter limit of its own is lost by waiting: imports, and what is looked up for them."""
    USUAL = 1
    SPARE = 2
    """It has time until nobody else wants to go."""


@dataclass(eq=False, slots=True)
class Place:
    """One that waits. `called` when it may have become the next one."""

    rank: Rank
    called: asyncio.Event = field(default_factory=asyncio.Event)


class Line:
    """One is served at a time. Who is the next can change until then, because somebody of a higher rank comes."""

    def __init__(self) -> None:
        self._waiting: list[Place] = []
        self._served: Place | None = None
        self._firsts = 0
        """How many of the first rank went in a row while one of the usual rank waited."""

    def join(self, rank: Rank) -> Place:
        """Begin to wait; to be left in any case."""
        place = Place(rank)
        self._waiting.append(place)
        return place

    def is_next(self, place: Place) -> bool:
        """Whether nobody is served and nobody goes before this one."""
        return self._served is None and self._next() is place

    async def called(self, place: Place) -> None:
        """Wait until it may be the next one."""
        await place.called.wait()
        place.called.clear()

    def serve(self, place: Place) -> None:
        """Let it go, before all others, until it leaves."""
        self._waiting.remove(place)
        self._served = place
        overtakes = place.rank is Rank.FIRST and any(other.rank is Rank.USUAL for other in self._waiting)
        self._firsts = self._firsts + 1 if overtakes else 0

    def leave(self, place: Place) -> None:
        """Wait no more, or be served no more."""
        if self._served is place:
            self._served = None
        else:
            self._waiting.remove(place)
        if self._served is None and self._waiting:
            self._next().called.set()

    def _next(self) -> Place:
        """Return who goes before all others that wait; of equals `min` takes the one that came first."""
        return min(self._waiting, key=self._after)

    def _after(self, place: Place) -> tuple[bool, Rank]:
        return place.rank is not Rank.USUAL and self._firsts >= IN_A_ROW, place.rank
