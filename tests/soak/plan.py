"""Which kills a crash test makes, in which order; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from soak.kills import REQUESTS, Kill, Trigger
from soak.wire import Moment
from soak.world import DECLARED

SHARES = {
    Trigger.LINE: 6, Trigger.STORE: 24, Trigger.PUBLISH: 5, Trigger.ARRIVED: 10, Trigger.UNDER_WAY: 12,
    Trigger.ANSWERED: 8, Trigger.DELIVERED: 12, Trigger.RANDOM: 23,
}  # fmt: skip
"""Per hundred kills."""
REACH = {Trigger.LINE: DECLARED, Trigger.PUBLISH: 2, Trigger.STORE: 60}
"""Occurrences in a sync with some fifty changes; the last ones are missed at times."""
REQUESTS_REACH = 32
LONGEST = 6
"""Syncs killed in a row before one is let run to its end."""
LATE = 0.008
"""Seconds within which an answer that was delivered is recorded."""


@dataclass(frozen=True)
class Cycle:
    """Kills in a row; `supersede` lets data change between them. `tree` and `sandbox` are cycles of one kill."""

    kills: Sequence[Kill] = ()
    supersede: bool = False
    tree: tuple[int, Moment] | None = None
    sandbox: Kill | None = None


@dataclass
class Plan:
    """As many cycles as are asked for; misses are made up for by asking on."""

    seed: str
    trees: int = 0
    sandboxes: int = 0
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed} plan")

    def special(self) -> Iterator[Cycle]:
        """Return the kills of everything Dagster started, and of the sandbox."""
        moments = [Moment.UNDER_WAY, Moment.DELIVERED, Moment.ARRIVED, Moment.ANSWERED]
        for number in range(self.trees):
            yield Cycle(tree=(2 + 9 * number % REQUESTS_REACH, moments[number % 4]))
        for number in range(self.sandboxes):
            trigger = list(REQUESTS)[number % 4]
            yield Cycle(sandbox=Kill(trigger, 1 + 7 * number % REQUESTS_REACH))

    def ordinary(self) -> Iterator[Cycle]:
        """Return cycles without end. Each kind of kill goes through its occurrences, from both ends of a sync."""
        order = self._order()
        while True:
            length = self._chance.randint(1, LONGEST)
            yield Cycle([next(order) for _ in range(length)], supersede=self._chance.random() < 0.25)

    def _order(self) -> Iterator[Kill]:
        counts = dict.fromkeys(Trigger, 0)
        while True:
            hundred = [trigger for trigger, share in SHARES.items() for _ in range(share)]
            self._chance.shuffle(hundred)
            for trigger in hundred:
                counts[trigger] += 1
                yield self._kill(trigger, counts[trigger])

    def _kill(self, trigger: Trigger, count: int) -> Kill:
        if trigger is Trigger.RANDOM:
            return Kill(trigger, seconds=self._chance.random())
        reach = REACH.get(trigger, REQUESTS_REACH)
        # 11 shares no factor with the reaches, so that every number has its turn.
        number = 1 + (11 * count + self._chance.randrange(2) * (reach // 2)) % reach
        late = self._chance.uniform(0, LATE) if trigger in (Trigger.DELIVERED, Trigger.PUBLISH) else 0.0
        return Kill(trigger, number, late)
