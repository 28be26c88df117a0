"""When to ask about which import: few questions, and none late. The service imports in turn, as a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ac_pipeline.store.batches import QueuedBatch
from ac_pipeline.sync.importer import ImportWaits

STEP, MORE = 0.5, 1.5
"""The second question about an import comes so many first waits after the first one; each further wait is longer."""
SOONER = 1 / 40
"""So many first waits sooner the others are asked about after one that was over; twice as many after the next one."""
STALLED = 2
"""An import that is over after so many answers that it was not says that the service stood still, and how long no
more than that."""


@dataclass(slots=True)
class _Asked:
    """What is known of one import, in seconds of the clock. `since` is the moment it was seen first."""

    since: float
    age: float = 0.0
    times: int = 0
    """Answers that it was not over."""
    again_at: float = 0.0


@dataclass(slots=True)
class Questions:
    """What the answers so far show of how long imports take: those that are `_enough` seconds old are asked about.

    Should they take less time by now, or be over in another order, younger ones are tried out, one at a time.
    """

    waits: ImportWaits
    _enough: float = 0.0
    _not_enough: float = 0.0
    """The greatest age of late at which one was not over; 0 when that is not to be relied on."""
    _in_a_row: int = 0
    """Answers that an import is over."""
    _try_wait: float = 0.0
    _try_at: float = 0.0
    _asked: dict[int, _Asked] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._enough = self._try_wait = self.waits.first

    def see(self, ages: Mapping[int, float], now: float) -> None:
        """Take note of the imports that wait, each with its age by the store's clock, and forget all others.

        An import of an earlier run may have any age, and the clock of a store may stand still: it counts which is more.
        """
        self._asked = {batch_id: self._asked.get(batch_id, _Asked(now, again_at=now)) for batch_id in ages}
        for batch_id, age in ages.items():
            one = self._asked[batch_id]
            one.age = max(age, now - one.since)

    def due(self, queued: Sequence[QueuedBatch], now: float) -> list[QueuedBatch]:
        """Return those of the imports to ask about now, in the order they are given in."""
        ripe = [batch for batch in queued if self._ripe_in(batch.batch_id, now) <= 0]
        sure = [batch for batch in ripe if self._asked[batch.batch_id].age >= self._enough]
        if sure or now < self._try_at:
            return sure
        return sorted(ripe, key=lambda batch: self._asked[batch.batch_id].times)[:1]

    def wait(self, now: float) -> float:
        """Return the seconds until something is due if no answer comes before."""
        until = (
            max(self._ripe_in(batch_id, now), min(self._enough - one.age, self._try_at - now))
            for batch_id, one in self._asked.items()
        )
        return max(min(until), self.waits.first / 100)

    def lost(self, batch_id: int) -> bool:
        """Whether it is too old to be still expected to end."""
        return self._asked[batch_id].age > self.waits.lost

    def answered(self, batch_id: int, now: float, *, over: bool) -> None:
        """Learn from an answer."""
        if over:
            self._over(self._asked[batch_id], now)
        else:
            self._not_over(self._asked[batch_id], now)

    def _over(self, one: _Asked, now: float) -> None:
        if one.times >= STALLED or one.age <= self._not_enough:
            self._not_enough, self._try_wait, self._try_at = 0.0, self.waits.first, now
        sooner = self.waits.first * SOONER * 2.0 ** min(self._in_a_row, 20)
        self._in_a_row += 1
        least = max(self.waits.first, self._not_enough + self.waits.first * SOONER)
        self._enough = min(self._enough, max(least, min(self._enough, one.age) - sooner))

    def _not_over(self, one: _Asked, now: float) -> None:
        step = min(self.waits.first * STEP * MORE ** min(one.times, 50), self.waits.longest)
        one.times += 1
        one.again_at = now + step
        self._not_enough = max(self._not_enough, one.age)
        if one.age >= self._enough:
            self._in_a_row, self._enough = 0, one.age + step
        if now >= self._try_at:
            self._try_at = now + self._try_wait
            self._try_wait = min(self._try_wait * MORE, self.waits.longest)

    def _ripe_in(self, batch_id: int, now: float) -> float:
        """Return the seconds until it may be asked about at all; not above 0 when it may now."""
        one = self._asked[batch_id]
        return max(self.waits.first - one.age, one.again_at - now)
